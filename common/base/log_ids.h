/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MESSAGE_ID of every kind of record. They are an interface: never reused, never changed in
 * meaning. Each has an entry in systemd/snapwatch.catalog; lint compares the two.
 */
#pragma once

/* the daemon is ready */
#define LOG_ID_STARTED "b12ea6bf9d994b26990d27f9d48e48f6"
/* the daemon stopped */
#define LOG_ID_STOPPED "48983b15f9744eee8d57e0db3884b64a"
/* a new configuration is in force */
#define LOG_ID_RELOADED "2c65d6421dcf48b8b4819f7b123720cb"
/* a reload was refused; the old configuration stays */
#define LOG_ID_RELOAD_REFUSED "c705abf73edb4ccb99339fa85ba75158"
/* snapshots or jobs could not be listed */
#define LOG_ID_LOOK_FAILED "74662137da39497aaa5c1773e8de15aa"
/* a new snapshot was seen */
#define LOG_ID_SNAPSHOT_NEW "825a3c0a9c2f4f71a9ec1c7657cc0618"
/* a preview job was created at the service */
#define LOG_ID_JOB_STARTED "3815195f00144d52b76194341a44179e"
/* a running preview job was taken over after a restart */
#define LOG_ID_JOB_ADOPTED "0531a9c67cf64526b559f93a9eb3a0ed"
/* a preview was read, verified and judged */
#define LOG_ID_JOB_DONE "081bbb519feb411eabfc84984022afc8"
/* a preview ended without a result */
#define LOG_ID_JOB_FAILED "aa758eafd9f54f9791a4769ce4bf93ce"
/* somebody else holds the tenant's job slot */
#define LOG_ID_SLOT_BUSY "4aee3f56ca4649da8288c7c7949df7ab"
/* the slot was given up on request */
#define LOG_ID_YIELDED "2f0a7b1d74b349ec865928140d3e6bcf"
/* the tenant is watched again */
#define LOG_ID_RESUMED "d276946d3bad4256bb383cec915864f0"
/* an object was deleted or appeared and no rule expected it */
#define LOG_ID_OBJECT_UNEXPECTED "1577c2c74ec44d879f734120a936fbeb"
/* more unexpected objects than are listed one by one */
#define LOG_ID_OBJECTS_MORE "f2ee3f83b3e94a3faf5c4e6d5e8dcff1"
/* an alert was raised */
#define LOG_ID_ALERT "d68abb4165cf498ba7816a2e03ba027c"
/* an alert could not be delivered */
#define LOG_ID_SINK_FAILED "a3043ed9324047a48ad67444b97a20ba"
/* a sink that had failed works again */
#define LOG_ID_SINK_OK "196ddb7a8bba4ae3ab7ebb81f091cf56"
/* nobody is signed in for a tenant */
#define LOG_ID_SIGN_IN_REQUIRED "e5afece817f54dcca77343c8e7b73e1c"
/* the store's file system is full */
#define LOG_ID_STORE_FULL "b2d58374d64743faaad9ab50730bb128"
/* the store reported an error */
#define LOG_ID_STORE_ERROR "01e66ff5762a4569881d1d807e2b59c4"
/* what is sealed has a new key */
#define LOG_ID_STORE_REKEYED "ff0d095f9c0f4e769eacce1ee5cba77c"
/* the store works again */
#define LOG_ID_STORE_OK "6aad54f34c984cb29fc9b92d89a19996"
/* the service sent something that is not documented */
#define LOG_ID_API_UNEXPECTED "1a845dccc18743d8b987b71b89c41d15"
/* the wall clock was set */
#define LOG_ID_CLOCK_JUMPED "8eb961ba0547466e8ed6b1f2ddf643c1"
/* memory ran out and the reserve is used */
#define LOG_ID_MEMORY_SHORT "57367b0827d64b79a9c87d859914a0a6"
/* memory ran out altogether: the process ends */
#define LOG_ID_MEMORY_OUT "ae4b721d2df844fb80bf233da53fe291"
/* somebody acted through the control socket */
#define LOG_ID_CONTROL "d259e73225384d7db3bd3c88e02686be"
/* somebody signed in for a tenant */
#define LOG_ID_SIGNED_IN "7fbcc94351e74305aa9b6baf9b288257"
/* somebody tried to sign in for a tenant, and it was refused */
#define LOG_ID_SIGN_IN_FAILED "5d57f2bcc2b44115a283da95c8a06518"
/* a tenant's sign-in was forgotten on request */
#define LOG_ID_SIGNED_OUT "f5390afa61d9404b98764491421e6112"
