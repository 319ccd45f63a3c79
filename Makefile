# SPDX-License-Identifier: Apache-2.0
# snapwatch: one file builds everything. `make help` lists the targets.
#
# Flavours live beside each other: build/rel (what is shipped), build/asan, build/tsan, build/val,
# build/cov, build/fuzz.
# FLAVOUR=asan make all builds one by hand.

PREFIX      ?= /usr
SBINDIR     ?= $(PREFIX)/sbin
BINDIR      ?= $(PREFIX)/bin
SYSCONFDIR  ?= /etc
UNITDIR     ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
CATALOGDIR  ?= $(PREFIX)/lib/systemd/catalog
DOCDIR      ?= $(PREFIX)/share/doc/snapwatch
BUILD       ?= build
OBJCOPY     ?= objcopy
FLAVOUR     ?= rel
PKG_CONFIG  ?= pkg-config

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || cat .version 2>/dev/null || echo 0.1.0)

ifeq ($(findstring s,$(firstword -$(MAKEFLAGS))),s)
Q := @
else ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))';
endif

B := $(BUILD)/$(FLAVOUR)

# --- compiler -------------------------------------------------------------------------------------
# Options are probed, not assumed: gcc 12 and clang 14 differ, and so will their successors.
cc-option = $(shell printf 'int main(void){return 0;}' | $(CC) -Werror $(1) -x c - -o /dev/null 2>/dev/null && echo '$(1)')
ld-option = $(call cc-option,$(1))

WARNINGS := -Wall -Wextra -Wformat=2 -Wconversion -Wno-sign-conversion -Wimplicit-fallthrough -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith -Wwrite-strings \
	-Wswitch-enum -Werror=implicit -Werror=incompatible-pointer-types -Werror=format-security \
	-Werror=return-type

HARDEN_CANDIDATES := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
	-mbranch-protection=standard -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks \
	-fno-strict-overflow -fno-strict-aliasing -fstrict-flex-arrays=3 -fzero-init-padding-bits=all
HARDEN_LD_CANDIDATES := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen -Wl,--as-needed

# Probing costs a second, so its result is kept per compiler.
CC_ID := $(shell $(CC) --version 2>/dev/null | head -n 1 | tr -c 'A-Za-z0-9.\n' '-')
PROBED := $(BUILD)/probed-$(CC_ID).mk
ifneq ($(filter-out clean help fmt lint demo bench check check-tsan check-valgrind cov fuzz fuzz-smoke,$(or $(MAKECMDGOALS),all)),)
-include $(PROBED)
endif
$(PROBED):
	$(Q)mkdir -p $(@D)
	$(Q)printf 'HARDEN := %s\nHARDEN_LD := %s\nWARN_PROBED := %s\n' \
		'$(foreach o,$(HARDEN_CANDIDATES),$(call cc-option,$(o)))' \
		'$(foreach o,$(HARDEN_LD_CANDIDATES),$(call ld-option,$(o)))' \
		'$(foreach o,-Wlogical-op -Wduplicated-cond -Wtrampolines -Wbidi-chars,$(call cc-option,$(o)))' > $@

ifeq ($(FLAVOUR),rel)
FLAVOUR_CFLAGS := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE $(HARDEN)
FLAVOUR_LDFLAGS := -pie $(HARDEN_LD)
else ifeq ($(FLAVOUR),asan)
FLAVOUR_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAVOUR_LDFLAGS := -fsanitize=address,undefined
else ifeq ($(FLAVOUR),tsan)
FLAVOUR_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
FLAVOUR_LDFLAGS := -fsanitize=thread
else ifeq ($(FLAVOUR),val)
FLAVOUR_CFLAGS := -O1 -g -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),cov)
FLAVOUR_CFLAGS := -O0 -g --coverage -fprofile-update=atomic
FLAVOUR_LDFLAGS := --coverage
else ifeq ($(FLAVOUR),fuzz)
# libFuzzer comes with clang only: make FLAVOUR=fuzz CC=clang.
FLAVOUR_CFLAGS := -O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=undefined
FLAVOUR_LDFLAGS := -fsanitize=address,undefined
else
$(error unknown FLAVOUR '$(FLAVOUR)': rel, asan, tsan, val, cov or fuzz)
endif

CFLAGS ?=
LIBS_PKG := libcurl libevent_core libevent_extra libevent_openssl libcjson libsystemd libcrypto libssl sqlite3 libzstd libconfuse
DEP_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(LIBS_PKG) 2>/dev/null)
COMMON_LIBS = $(shell $(PKG_CONFIG) --libs libcjson libsystemd libcrypto sqlite3 libzstd libconfuse) -lm -pthread
DAEMON_LIBS = $(shell $(PKG_CONFIG) --libs libcurl libevent_core libevent_extra)
SIM_LIBS = $(shell $(PKG_CONFIG) --libs libevent_core libevent_extra libevent_openssl libssl zlib)

ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -I. -I$(BUILD)/gen $(WARNINGS) $(WARN_PROBED) $(WERROR) $(FLAVOUR_CFLAGS) $(DEP_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(FLAVOUR_LDFLAGS) $(LDFLAGS)

# --- sources --------------------------------------------------------------------------------------
CLOCK_REAL  := common/base/clock_real.c
COMMON_SRC  := $(filter-out $(CLOCK_REAL),$(wildcard common/*/*.c))
DAEMON_MAIN := daemon/main.c
DAEMON_SRC  := $(filter-out $(DAEMON_MAIN),$(wildcard daemon/*.c daemon/*/*.c))
CLI_SRC     := $(wildcard cli/*.c)
CLI_MAIN    := cli/main.c
SIM_SRC     := $(filter-out tests/graphsim/main.c,$(wildcard tests/graphsim/*.c))
REPLAY_SRC  := $(wildcard tests/replay/*.c) tests/support/pem.c
FAULT_SRC   := $(wildcard tests/fault/*.c)
SUPPORT_SRC := $(wildcard tests/support/*.c)
UNIT_SRC    := $(wildcard tests/unit/test_*.c)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

LIBCOMMON := $(B)/libcommon.a
LIBDAEMON := $(B)/libdaemon.a
LIBSIM    := $(B)/libsim.a
LIBCLI    := $(B)/libcli.a
UNIT_BIN  := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))

.PHONY: all
all: $(B)/snapwatchd $(B)/snapwatch $(if $(filter rel,$(FLAVOUR)),links)

# build/snapwatch and build/snapwatchd are the shipped flavour.
.PHONY: links
links: $(B)/snapwatchd $(B)/snapwatch
	$(Q)ln -sf rel/snapwatchd $(BUILD)/snapwatchd
	$(Q)ln -sf rel/snapwatch $(BUILD)/snapwatch

$(BUILD)/gen/version.h: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)printf '#define SNAPWATCH_VERSION "%s"\n#define SNAPWATCH_SBINDIR "%s"\n' '$(VERSION)' '$(SBINDIR)' > $@.new; \
		cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@
FORCE:

# The store's DDL as C string literals.
$(BUILD)/gen/%.inc: common/store/%.sql
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's/ *--.*//' -e '/^$$/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< > $@.new && mv $@.new $@
$(call obj,common/store/schema.c): $(patsubst common/store/%.sql,$(BUILD)/gen/%.inc,$(wildcard common/store/*.sql))

$(B)/obj/%.o: %.c | $(BUILD)/gen/version.h
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define archive
$(1): $(2)
	$$(call say,AR,$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(eval $(call archive,$(LIBCOMMON),$(call obj,$(COMMON_SRC))))
$(eval $(call archive,$(LIBDAEMON),$(call obj,$(DAEMON_SRC))))
$(eval $(call archive,$(LIBSIM),$(call obj,$(SIM_SRC))))
$(eval $(call archive,$(LIBCLI),$(call obj,$(filter-out $(CLI_MAIN),$(CLI_SRC)))))

link = $(call say,LD,$@) $(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@

$(B)/snapwatchd: $(call obj,$(DAEMON_MAIN) $(CLOCK_REAL)) $(LIBDAEMON) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

$(B)/snapwatch: $(call obj,$(CLI_SRC) $(CLOCK_REAL)) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(COMMON_LIBS)

# --- programs that only tests and the demo use ----------------------------------------------------
# The demo and system tests link the shipped objects with a scaled clock that both programs share.
$(B)/test/snapwatchd: $(call obj,$(DAEMON_MAIN) tests/support/clock_scaled.c) $(LIBDAEMON) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

# The same, but it dies at a point that its environment names.
DOOM_WRAPPED := db_commit store_open store_secret_put store_secret_offer store_rekey store_tenant_admit store_tenant_looked \
	store_job_insert store_job_move store_job_judged store_page_put store_alert_put store_outbox_sent
$(B)/test/snapwatchd-doomed: $(call obj,$(DAEMON_MAIN) tests/support/clock_scaled.c tests/system/doom.c) $(LIBDAEMON) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(DOOM_WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

$(B)/test/store_dump: $(call obj,tests/system/store_dump.c $(CLOCK_REAL)) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(COMMON_LIBS)

$(B)/test/snapwatch: $(call obj,$(CLI_SRC) tests/support/clock_scaled.c) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(COMMON_LIBS)

$(B)/test/graphsim: $(call obj,tests/graphsim/main.c tests/support/clock_scaled.c) $(LIBSIM) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(SIM_LIBS) $(COMMON_LIBS)

# What lint asks the key table of the configuration for; `make sample` writes the commented file.
$(B)/test/gen_sample $(B)/test/check_conf: $(B)/test/%: $(B)/obj/tests/lint/%.o $(call obj,$(CLOCK_REAL)) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(COMMON_LIBS)

.PHONY: sample
sample: $(B)/test/gen_sample
	$(Q)$(B)/test/gen_sample > config/snapwatch.conf

# Unit tests: one program per tests/unit/test_*.c, on a virtual clock, linked from archives so that
# each takes only what it names. TEST_LIBS_x adds a library to one of them. Those of FAKED_TESTS run
# on fake engines: objects stand before archives, so the real ones are never taken.
FAKE_SRC := $(wildcard tests/support/fake_*.c)
FAKED_TESTS := test_auth test_auth_keep test_enrol test_fakes test_graph test_job test_job_cancel test_job_create test_job_property test_judge test_judge_story \
	test_look test_outbox test_outbox_try test_pages test_queue test_sink_webhook test_ticker
$(patsubst %,$(B)/unit/%,test_job test_job_cancel test_job_create test_job_property test_pages): $(call obj,tests/support/graph_scripted.c)
$(patsubst %,$(B)/unit/%,test_job test_job_cancel test_job_create test_job_property): $(call obj,tests/support/job_world.c)
TEST_LIBS_test_pages := -Wl,--wrap=change_link_peek
$(patsubst %,$(B)/unit/%,test_dice test_job_property test_plan_property test_retry_property): $(call obj,tests/support/dice.c)
$(patsubst %,$(B)/unit/%,test_auth test_auth_keep test_enrol): $(call obj,tests/support/auth_world.c)
$(B)/unit/test_judge $(B)/unit/test_judge_story: $(call obj,tests/support/judge_world.c)
$(FAKED_TESTS:%=$(B)/unit/%): $(call obj,$(FAKE_SRC))
$(B)/unit/test_conf $(B)/unit/test_conf_wrong: $(call obj,tests/support/conf_files.c)
$(B)/unit/test_store_rekey: $(call obj,tests/support/vfs_dying.c)
$(B)/unit/test_auth $(B)/unit/test_auth_jwt $(B)/unit/test_enrol: $(call obj,tests/support/pem.c)
TEST_LIBS_test_sql := $(shell $(PKG_CONFIG) --libs libpq 2>/dev/null)
$(call obj,tests/unit/test_sql.c): CPPFLAGS += $(shell $(PKG_CONFIG) --cflags libpq 2>/dev/null)
$(B)/unit/%: $(B)/obj/tests/unit/%.o $(call obj,tests/support/clock_virtual.c tests/support/check_main.c tests/support/tmpdir.c) $(LIBSIM) $(LIBCLI) $(LIBDAEMON) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(TEST_LIBS_$*) $(shell $(PKG_CONFIG) --libs check) $(DAEMON_LIBS) $(SIM_LIBS) $(COMMON_LIBS)

.PHONY: unit
unit: $(UNIT_BIN)

# Replay: the real stages on a fake loop, fake http and virtual clock (the engines are left out).
FAKED_SRC := $(patsubst %,daemon/engine/%.c,loop http http_easy http_multi store_thread service) daemon/control/control.c
REPLAY_DAEMON_OBJ = $(call obj,$(filter-out $(FAKED_SRC),$(DAEMON_SRC)))
SEEDED := -Wl,--wrap=RAND_bytes
SEEDED_SRC := tests/support/clock_virtual.c tests/support/random_seeded.c
$(B)/test/replay: $(call obj,$(REPLAY_SRC) $(FAKE_SRC) $(SEEDED_SRC)) $(REPLAY_DAEMON_OBJ) $(LIBSIM) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(SEEDED) -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

# Fuzz targets: one program per tests/fuzz/fuzz_*.c; FLAVOUR=fuzz CC=clang.
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SRC))
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(call obj,tests/fuzz/fuzz.c tests/support/clock_virtual.c) $(LIBCLI) $(LIBDAEMON) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

.PHONY: fuzzers
fuzzers: $(FUZZ_BIN)

# Property: random histories against what really happened; make property N=5000 SEED=1
PROPERTY_OBJ = $(call obj,$(wildcard tests/property/*.c) $(filter-out tests/replay/main.c,$(REPLAY_SRC)))
$(B)/test/property: $(PROPERTY_OBJ) $(call obj,$(FAKE_SRC) $(SEEDED_SRC)) $(REPLAY_DAEMON_OBJ) $(LIBSIM) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(SEEDED) -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

# Fault injection: the same with the shipped objects' calls of allocators and of SQLite renamed to the
# seams of tests/fault, which nothing else is ever linked with.
$(B)/fault/libcommon.a: $(LIBCOMMON) tests/fault/seams.txt
	$(call say,SEAM,$@)
	$(Q)mkdir -p $(@D) && $(OBJCOPY) --redefine-syms=tests/fault/seams.txt $< $@
$(B)/fault/libdaemon.a: $(REPLAY_DAEMON_OBJ) tests/fault/seams.txt
	$(call say,SEAM,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcs $@ $(filter %.o,$^) && $(OBJCOPY) --redefine-syms=tests/fault/seams.txt $@
$(B)/test/fault: $(call obj,$(FAULT_SRC) $(filter-out tests/replay/main.c,$(REPLAY_SRC)) $(FAKE_SRC) tests/support/clock_virtual.c) $(B)/fault/libdaemon.a $(LIBSIM) $(B)/fault/libcommon.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

.PHONY: property
property: $(B)/test/property ; $(Q)tests/property/run.sh $<

# --- measuring ------------------------------------------------------------------------------------
# The shipped objects with a scaled clock, and loop_run() wrapped to ask for the longest turn.
BENCH_BIN := $(patsubst %,$(B)/bench/%,snapwatchd floor measure sizes)
$(B)/bench/snapwatchd: $(call obj,$(DAEMON_MAIN) tests/support/clock_scaled.c tests/bench/stall.c) $(LIBDAEMON) $(LIBCOMMON)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Wl,--wrap=loop_run -o $@ $^ $(DAEMON_LIBS) $(COMMON_LIBS)

$(B)/bench/%: $(B)/obj/tests/bench/%.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs libcurl libcjson sqlite3)

.PHONY: bench
bench: ; $(Q)packaging/deps.sh build && $(if $(filter-out 0,$(PEERS)),packaging/deps.sh bench-peers && )$(MAKE) -s programs bench-programs && tests/bench/bench.sh

.PHONY: bench-programs
bench-programs: $(BENCH_BIN)

# --- checks ---------------------------------------------------------------------------------------
.PHONY: programs
programs: $(B)/test/snapwatchd $(B)/test/snapwatchd-doomed $(B)/test/store_dump $(B)/test/snapwatch $(B)/test/graphsim $(B)/test/replay $(B)/test/fault

.PHONY: check
check: ; $(Q)packaging/deps.sh all && FLAVOUR=asan tests/check.sh

# The two threads under ThreadSanitizer, and everything under valgrind: unit tests and replay.
.PHONY: check-tsan check-valgrind
check-tsan: ; $(Q)packaging/deps.sh all && FLAVOUR=tsan PARTS="build unit replay system" tests/check.sh
check-valgrind: ; $(Q)packaging/deps.sh all && FLAVOUR=val PARTS="build unit replay" TEST_TIMEOUT=1200 tests/check.sh

# Which lines the tests run: fails below the shares that tests/cov/cov.sh names.
.PHONY: cov
cov: ; $(Q)packaging/deps.sh all && tests/cov/cov.sh

# New inputs for a minute, or RUNS executions of each target, for all that somebody else writes.
FUZZ_MAKE := $(MAKE) -s -j$(shell nproc) FLAVOUR=fuzz CC=clang WERROR=-Werror fuzzers
.PHONY: fuzz fuzz-smoke
fuzz: ; $(Q)packaging/deps.sh all && $(FUZZ_MAKE) && tests/fuzz/run.sh long $(or $(RUNS),10000000)
fuzz-smoke: ; $(Q)packaging/deps.sh all && $(FUZZ_MAKE) && tests/fuzz/run.sh smoke

# A fault at every single call (tests/fault); make check takes some of them.
.PHONY: fault
fault: $(B)/test/fault ; $(Q)$(B)/test/fault tests/fault/cycle.scn

.PHONY: lint
lint: ; $(Q)packaging/deps.sh all && tests/lint/lint.sh && tests/lint/lint_test.sh && FLAVOUR=asan tests/lint/config_keys.sh && FLAVOUR=asan tests/lint/docs.sh

.PHONY: fmt
fmt: ; $(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

.PHONY: demo
demo: ; $(Q)packaging/deps.sh build && $(MAKE) -s all programs && tests/demo/demo.sh $(DIR)

# --- installing -----------------------------------------------------------------------------------
INSTALLED = $(SBINDIR)/snapwatchd $(BINDIR)/snapwatch $(CATALOGDIR)/snapwatch.catalog \
	$(DOCDIR)/README.md $(DOCDIR)/LICENSE $(DOCDIR)/snapwatch.conf \
	$(addprefix $(DOCDIR)/,$(wildcard docs/*.md))

# Configuration that is there already is not touched.
.PHONY: install uninstall
install: all
	$(Q)install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) $(DESTDIR)$(CATALOGDIR) $(DESTDIR)$(DOCDIR)/docs \
		$(DESTDIR)$(SYSCONFDIR)/snapwatch/tenants.d $(DESTDIR)$(SYSCONFDIR)/snapwatch/rules.d
	$(Q)install -d -m 0700 $(DESTDIR)$(SYSCONFDIR)/snapwatch/credentials
	$(Q)install -m 0755 $(B)/snapwatchd $(DESTDIR)$(SBINDIR)/snapwatchd
	$(Q)install -m 0755 $(B)/snapwatch $(DESTDIR)$(BINDIR)/snapwatch
	$(Q)install -m 0644 systemd/snapwatch.catalog $(DESTDIR)$(CATALOGDIR)/snapwatch.catalog
	$(Q)install -m 0644 README.md LICENSE config/snapwatch.conf $(DESTDIR)$(DOCDIR)
	$(Q)install -m 0644 $(wildcard docs/*.md) $(DESTDIR)$(DOCDIR)/docs
	$(Q)test -e $(DESTDIR)$(SYSCONFDIR)/snapwatch/snapwatch.conf || \
		install -m 0644 config/snapwatch.conf $(DESTDIR)$(SYSCONFDIR)/snapwatch/snapwatch.conf

uninstall:
	$(Q)rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	$(Q)rmdir --ignore-fail-on-non-empty $(DESTDIR)$(DOCDIR)/docs $(DESTDIR)$(DOCDIR) 2>/dev/null || true

.PHONY: help
help:
	@printf '%s\n' 'all demo bench check check-tsan check-valgrind cov fault fuzz fuzz-smoke lint fmt property install uninstall clean' \
		'CC CFLAGS LDFLAGS PREFIX DESTDIR FLAVOUR=rel|asan|tsan|val|cov|fuzz RUNS V=1'

.PHONY: clean
clean:
	$(Q)rm -rf $(BUILD)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
