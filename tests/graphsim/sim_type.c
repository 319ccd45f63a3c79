/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types and tracked properties as Microsoft documents them (Entra "Supported objects and
 * limitations of Backup and Recovery"), in Graph's spelling.
 */
#include "tests/graphsim/sim_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "common/base/hash.h"
#include "tests/graphsim/sim_core.h"
#include "tests/graphsim/sim_name.h"

#define PICK(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ALWAYS(json) PICK(json)

static const struct sim_prop user_props[] = {
	{"accountEnabled", NULL, ALWAYS("true")},
	{"ageGroup", NULL, ALWAYS("null")},
	{"city", NULL, PICK("\"Berlin\"", "\"Lyon\"", "\"Porto\"", "\"Gda\u0144sk\"", "\"Turku\"")},
	{"companyName", sim_make_company, NULL},
	{"consentProvidedForMinor", NULL, ALWAYS("null")},
	{"country", NULL,
		PICK("\"Germany\"", "\"France\"", "\"Portugal\"", "\"Poland\"", "\"Finland\"")},
	{"department", NULL,
		PICK("\"Engineering\"", "\"Finance\"", "\"Human Resources\"", "\"Legal\"",
			"\"Logistics\"", "\"Sales\"", "\"Support\"")},
	{"displayName", sim_make_display_name, NULL},
	{"employeeHireDate", sim_make_past_day, NULL},
	{"employeeId", sim_make_employee_id, NULL},
	{"employeeLeaveDateTime", NULL, ALWAYS("null")},
	{"employeeOrgData", sim_make_org_data, NULL},
	{"employeeType", NULL, PICK("\"Employee\"", "\"Contractor\"", "\"Employee\"")},
	{"faxNumber", NULL, ALWAYS("null")},
	{"givenName", sim_make_given_name, NULL},
	{"jobTitle", sim_make_job_title, NULL},
	{"mail", sim_make_mail, NULL},
	{"mailNickname", sim_make_nickname, NULL},
	{"mobilePhone", sim_make_phone, NULL},
	{"otherMails", sim_make_other_mails, NULL},
	{"passwordPolicies", NULL, PICK("null", "\"DisablePasswordExpiration\"")},
	{"perUserMfaState", NULL, PICK("\"disabled\"", "\"enforced\"", "\"enabled\"")},
	{"officeLocation", sim_make_office, NULL},
	{"postalCode", sim_make_postal_code, NULL},
	{"preferredDataLocation", NULL, ALWAYS("null")},
	{"preferredLanguage", NULL,
		PICK("\"de-DE\"", "\"fr-FR\"", "\"pt-PT\"", "\"pl-PL\"", "\"fi-FI\"")},
	{"state", NULL, PICK("null", "\"Bayern\"", "\"Hessen\"", "\"Sachsen\"")},
	{"streetAddress", sim_make_street, NULL},
	{"surname", sim_make_surname, NULL},
	{"businessPhones", sim_make_phones, NULL},
	{"usageLocation", NULL, PICK("\"DE\"", "\"FR\"", "\"PT\"", "\"PL\"", "\"FI\"")},
	{"userPrincipalName", sim_make_mail, NULL},
	{"userType", NULL, ALWAYS("\"Member\"")},
};

static const struct sim_prop group_props[] = {
	{"classification", NULL, ALWAYS("null")},
	{"description", sim_make_revision, NULL},
	{"displayName", sim_make_display_name, NULL},
	{"groupTypes", NULL, ALWAYS("[]")},
	{"mail", NULL, ALWAYS("null")},
	{"mailEnabled", NULL, ALWAYS("false")},
	{"mailNickname", sim_make_nickname, NULL},
	{"preferredDataLocation", NULL, ALWAYS("null")},
	{"preferredLanguage", NULL, PICK("null", "\"de-DE\"", "\"fr-FR\"")},
	{"securityEnabled", NULL, ALWAYS("true")},
	{"theme", NULL, ALWAYS("null")},
	{"visibility", NULL, PICK("\"Private\"", "\"Public\"", "\"HiddenMembership\"")},
};

static const struct sim_prop policy_props[] = {
	{"displayName", sim_make_display_name, NULL},
	{"state", NULL, ALWAYS("\"enabled\"")},
	{"conditions", sim_make_conditions, NULL},
	{"grantControls", NULL,
		PICK("{\"operator\":\"OR\",\"builtInControls\":[\"mfa\"]}",
			"{\"operator\":\"AND\",\"builtInControls\":[\"mfa\",\"compliantDevice\"]}",
			"{\"operator\":\"OR\",\"builtInControls\":[\"block\"]}")},
	{"sessionControls", NULL,
		PICK("null",
			"{\"applicationEnforcedRestrictions\":null,\"cloudAppSecurity\":null,"
			"\"signInFrequency\":{\"value\":7,\"type\":\"days\"}}",
			"{\"applicationEnforcedRestrictions\":null,\"cloudAppSecurity\":null,"
			"\"signInFrequency\":{\"value\":14,\"type\":\"days\"}}")},
	{"createdDateTime", sim_make_past_day, NULL},
	{"modifiedDateTime", sim_make_modified, NULL},
};

static const struct sim_prop location_props[] = {
	{"displayName", sim_make_display_name, NULL},
	{"isTrusted", NULL, ALWAYS("true")},
	{"ipRanges", sim_make_ip_ranges, NULL},
	{"createdDateTime", sim_make_past_day, NULL},
	{"modifiedDateTime", sim_make_modified, NULL},
};

static const struct sim_prop method_policy_props[] = {
	{"displayName", NULL, ALWAYS("\"Authentication Methods Policy\"")},
	{"description", NULL,
		ALWAYS("\"The tenant-wide policy that controls which methods are allowed.\"")},
	{"authenticationMethodConfigurations", NULL,
		PICK("[{\"id\":\"Fido2\",\"state\":\"enabled\"},"
		     "{\"id\":\"MicrosoftAuthenticator\",\"state\":\"enabled\"},"
		     "{\"id\":\"Sms\",\"state\":\"disabled\"},{\"id\":\"Voice\",\"state\":"
		     "\"disabled\"},"
		     "{\"id\":\"Email\",\"state\":\"enabled\"},{\"id\":\"SoftwareOath\",\"state\":"
		     "\"disabled\"},"
		     "{\"id\":\"TemporaryAccessPass\",\"state\":\"enabled\"},"
		     "{\"id\":\"X509Certificate\",\"state\":\"disabled\"}]")},
	{"lastModifiedDateTime", sim_make_modified, NULL},
};

static const struct sim_prop authorization_props[] = {
	{"displayName", NULL, ALWAYS("\"Authorization Policy\"")},
	{"blockMsolPowerShell", NULL, ALWAYS("false")},
	{"guestUserRoleId", NULL, ALWAYS("\"10dae51f-b6af-4016-8d66-8c2a99b929b3\"")},
};

static const struct sim_prop strength_props[] = {
	{"displayName", sim_make_display_name, NULL},
	{"description", sim_make_revision, NULL},
	{"allowedCombinations", NULL,
		PICK("[\"fido2\",\"windowsHelloForBusiness\"]", "[\"fido2\"]",
			"[\"password,sms\",\"fido2\"]")},
};

static const struct sim_prop application_props[] = {
	{"displayName", sim_make_display_name, NULL},
	{"description", NULL, PICK("null", "\"Internal line of business\"", "\"Reporting\"")},
	{"notes", sim_make_revision, NULL},
	{"tags", NULL, PICK("[]", "[\"HideApp\"]")},
	{"identifierUris", sim_make_uris, NULL},
	{"createdDateTime", sim_make_past_day, NULL},
	{"isFallbackPublicClient", NULL, PICK("false", "true", "null")},
	{"publisherDomain", sim_make_domain, NULL},
	{"isDeviceOnlyAuthSupported", NULL, ALWAYS("null")},
	{"serviceManagementReference", NULL, PICK("null", "\"CHG-2201\"", "\"CHG-2377\"")},
	{"requiredResourceAccess", sim_make_resource_access, NULL},
	{"nativeAuthenticationApisEnabled", NULL, ALWAYS("null")},
	{"signInAudience", NULL, PICK("\"AzureADMyOrg\"", "\"AzureADMultipleOrgs\"")},
	{"groupMembershipClaims", NULL, PICK("null", "\"SecurityGroup\"")},
	{"optionalClaims", NULL,
		PICK("null", "{\"idToken\":[{\"name\":\"email\",\"essential\":false}],"
			     "\"accessToken\":[],\"saml2Token\":[]}")},
	{"isDisabled", NULL, ALWAYS("null")},
	{"addIns", NULL, ALWAYS("[]")},
	{"servicePrincipalLockConfiguration", NULL,
		PICK("{\"isEnabled\":true,\"allProperties\":true}", "null")},
	{"info", sim_make_info, NULL},
};

static const struct sim_prop principal_props[] = {
	{"displayName", sim_make_display_name, NULL},
	{"accountEnabled", NULL, ALWAYS("true")},
	{"alternativeNames", NULL, ALWAYS("[]")},
	{"appRoleAssignmentRequired", NULL, PICK("false", "true")},
	{"description", NULL, PICK("null", "\"Synchronises invoices\"", "\"Build pipeline\"")},
	{"loginUrl", sim_make_login_url, NULL},
	{"notes", sim_make_revision, NULL},
	{"notificationEmailAddresses", sim_make_other_mails, NULL},
	{"preferredTokenSigningKeyThumbprint", sim_make_thumbprint, NULL},
	{"tags", NULL, PICK("[\"WindowsAzureActiveDirectoryIntegratedApp\"]", "[]")},
	{"servicePrincipalType", NULL, ALWAYS("\"Application\"")},
	{"preferredSingleSignOnMode", NULL, PICK("null", "\"saml\"", "\"oidc\"")},
	{"publisherName", sim_make_company, NULL},
	{"samlSingleSignOnSettings", NULL, PICK("null", "{\"relayState\":\"\"}")},
	{"servicePrincipalNames", sim_make_uris, NULL},
};

static const struct sim_prop grant_props[] = {
	{"clientId", sim_make_principal_id, NULL},
	{"consentType", NULL, ALWAYS("\"AllPrincipals\"")},
	{"principalId", NULL, ALWAYS("null")},
	{"resourceId", sim_make_resource_id, NULL},
	{"scope", NULL,
		PICK("\"User.Read\"", "\"User.Read Mail.Read\"", "\"Files.Read.All\"",
			"\"User.Read Directory.Read.All\"")},
};

static const struct sim_prop assignment_props[] = {
	{"appRoleId", sim_make_role_id, NULL},
	{"principalId", sim_make_principal_id, NULL},
	{"principalType", NULL, ALWAYS("\"ServicePrincipal\"")},
	{"resourceDisplayName", NULL, ALWAYS("\"Microsoft Graph\"")},
	{"resourceId", sim_make_resource_id, NULL},
};

static const struct sim_prop organization_props[] = {
	{"displayName", sim_make_company, NULL},
	{"strongAuthenticationDetails", NULL,
		PICK("{\"availableMFAMethods\":[\"PhoneAppNotification\",\"PhoneAppOTP\"],"
		     "\"isApplicationPasswordBlocked\":false,\"isRememberDevicesEnabled\":false,"
		     "\"rememberDevicesDurationInDays\":14}")},
	{"strongAuthenticationPolicy", NULL, PICK("{\"enabled\":false,\"ipAllowList\":[]}")},
};

#define PROPS(array) .props = (array), .n_props = ARRAY_SIZE(array)

static const struct sim_type_info types[_SIM_TYPE_MAX] = {
	[SIM_TYPE_USER] = {"user", "#microsoft.graph.user", {"users"}, false, true,
		PROPS(user_props)},
	[SIM_TYPE_GROUP] = {"group", "#microsoft.graph.group", {"groups"}, false, true,
		PROPS(group_props)},
	[SIM_TYPE_POLICY] = {"conditionalAccessPolicy", "#microsoft.graph.conditionalAccessPolicy",
		{"conditionalAccessPolicies", "policy", "policies"}, false, true,
		PROPS(policy_props)},
	[SIM_TYPE_LOCATION] = {"namedLocationPolicy", "#microsoft.graph.ipNamedLocation",
		{"namedLocationPolicies", "location", "locations"}, false, true,
		PROPS(location_props)},
	[SIM_TYPE_METHOD_POLICY] = {"authenticationMethodPolicy",
		"#microsoft.graph.authenticationMethodsPolicy",
		{"authenticationMethodPolicies", "method_policy", "method_policies"}, false, true,
		PROPS(method_policy_props)},
	[SIM_TYPE_AUTHORIZATION_POLICY] = {"authorizationPolicy",
		"#microsoft.graph.authorizationPolicy",
		{"authorizationPolicies", "authorization_policy", "authorization_policies"}, false,
		true, PROPS(authorization_props)},
	[SIM_TYPE_STRENGTH_POLICY] = {"authenticationStrengthPolicy",
		"#microsoft.graph.authenticationStrengthPolicy",
		{"authenticationStrengthPolicies", "strength", "strengths"}, false, true,
		PROPS(strength_props)},
	[SIM_TYPE_APPLICATION] = {"application", "#microsoft.graph.application",
		{"applications", "app", "apps"}, false, true, PROPS(application_props)},
	[SIM_TYPE_SERVICE_PRINCIPAL] = {"servicePrincipal", "#microsoft.graph.servicePrincipal",
		{"servicePrincipals", "principal", "principals"}, false, true,
		PROPS(principal_props)},
	[SIM_TYPE_GRANT] = {"oAuth2PermissionGrant", "#microsoft.graph.oAuth2PermissionGrant",
		{"oAuth2PermissionGrants", "grant", "grants"}, true, false, PROPS(grant_props)},
	[SIM_TYPE_ASSIGNMENT] = {"appRoleAssignment", "#microsoft.graph.appRoleAssignment",
		{"appRoleAssignments", "assignment", "assignments"}, true, false,
		PROPS(assignment_props)},
	[SIM_TYPE_ORGANIZATION] = {"organization", "#microsoft.graph.organization",
		{"organizations"}, true, true, PROPS(organization_props)},
};
_Static_assert(ARRAY_SIZE(user_props) <= SIM_MAX_PROPS, "SIM_MAX_PROPS");

const struct sim_type_info *sim_type_info(enum sim_type type)
{
	return &types[type];
}

int sim_type_by_name(const char *name)
{
	for (int i = 0; i < _SIM_TYPE_MAX; i++)
		if (strcmp(types[i].name, name) == 0)
			return i;
	return -1;
}

int sim_type_by_word(const char *word)
{
	for (int i = 0; i < _SIM_TYPE_MAX; i++) {
		if (strcasecmp(types[i].name, word) == 0)
			return i;
		for (unsigned k = 0; k < ARRAY_SIZE(types[i].words) && types[i].words[k]; k++)
			if (strcasecmp(types[i].words[k], word) == 0)
				return i;
	}
	return -1;
}

int sim_prop_by_name(enum sim_type type, const char *name)
{
	for (unsigned i = 0; i < types[type].n_props; i++)
		if (strcmp(types[type].props[i].name, name) == 0)
			return (int)i;
	return -1;
}

void sim_make_value(struct buf *out, const struct sim_seed *seed, enum sim_type type, unsigned prop)
{
	const struct sim_prop *p = &types[type].props[prop];
	size_t n = 0;

	if (p->make) {
		p->make(out, seed, type);
		return;
	}
	while (p->pick[n])
		n++;
	/* neighbours in version differ, so that an event of a computed object is seen in all of
	 * these */
	uint64_t start = sim_mix(sim_mix(seed->tenant, seed->index), type * 64u + prop);
	buf_puts(out, p->pick[(start % n + seed->version) % n]);
}

void sim_make_id(const struct sim_seed *seed, enum sim_type type, uint64_t generation,
	char out[static SIM_ID_SIZE])
{
	uint64_t key = sim_mix(sim_mix(seed->tenant, generation), sim_mix(seed->index, type));

	switch (type) {
	case SIM_TYPE_METHOD_POLICY:
	case SIM_TYPE_AUTHORIZATION_POLICY:
		(void)snprintf(out, SIM_ID_SIZE, "%s",
			type == SIM_TYPE_METHOD_POLICY ? "authenticationMethodsPolicy"
						       : "authorizationPolicy");
		return;
	case SIM_TYPE_GRANT:
	case SIM_TYPE_ASSIGNMENT: {
		static const char alphabet[] =
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

		for (unsigned i = 0; i < 43; i++)
			out[i] = alphabet[sim_mix(key, i) % 64];
		out[43] = '\0';
		return;
	}
	case SIM_TYPE_USER:
	case SIM_TYPE_GROUP:
	case SIM_TYPE_POLICY:
	case SIM_TYPE_LOCATION:
	case SIM_TYPE_STRENGTH_POLICY:
	case SIM_TYPE_APPLICATION:
	case SIM_TYPE_SERVICE_PRINCIPAL:
	case SIM_TYPE_ORGANIZATION:
	case _SIM_TYPE_MAX:
		break;
	}
	(void)sim_guid(key, out);
}
