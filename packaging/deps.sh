#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing to build or test snapwatch, with the system's package manager.
#
#	packaging/deps.sh [build|test|all|browser|bench-peers]	(default: all, which is build and test)
#
# Says nothing and needs no rights when nothing is missing. What counts is what is usable, not which
# package it came from: commands, pkg-config modules, files and Python modules are looked for.
set -eu

# group  what to look for                     apt                    dnf
wanted='
build    cmd:gcc                              gcc                    gcc
build    file:/usr/include/stdio.h            libc6-dev              glibc-devel
build    cmd:make                             make                   make
build    cmd:git                              git                    git
build    cmd:pkg-config                       pkg-config             pkgconf-pkg-config
build    pc:libcurl                           libcurl4-openssl-dev   libcurl-devel
build    pc:libevent_openssl                  libevent-dev           libevent-devel
build    pc:libcjson                          libcjson-dev           cjson-devel
build    pc:libsystemd                        libsystemd-dev         systemd-devel
build    pc:libcrypto                         libssl-dev             openssl-devel
build    pc:sqlite3                           libsqlite3-dev         sqlite-devel
build    pc:libzstd                           libzstd-dev            libzstd-devel
build    pc:libconfuse                        libconfuse-dev         libconfuse-devel
build    file:/usr/share/zoneinfo/Europe/Berlin  tzdata              tzdata
test     file:/usr/lib*/gcc/*/*/libasan.so    gcc                    libasan
test     file:/usr/lib*/gcc/*/*/libubsan.so   gcc                    libubsan
test     file:/usr/lib*/gcc/*/*/libtsan.so    gcc                    libtsan
test     pc:check                             check                  check-devel
test     cmd:valgrind                         valgrind               valgrind
test     cmd:clang                            clang                  clang
test     file:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a,/usr/lib*/clang/*/lib/*/libclang_rt.fuzzer*.a  libclang-rt-dev  compiler-rt
test     cmd:clang-format                     clang-format           clang-tools-extra
test     cmd:sqlite3                          sqlite3                sqlite
test     cmd:shellcheck                       shellcheck             ShellCheck
test     cmd:systemd-socket-activate          systemd                systemd
test     file:/usr/lib/postgresql/*/bin/initdb,/usr/bin/initdb  postgresql  postgresql-server
test     pc:libpq                             libpq-dev              libpq-devel
test     cmd:node                             nodejs                 nodejs
test     cmd:npm                              npm                    npm
build    cmd:setarch                          util-linux             util-linux
build    cmd:openssl                          openssl                openssl
build    cmd:curl                             curl                   curl
build    pc:zlib                              zlib1g-dev             zlib-devel
browser  cmd:chromium                         chromium               chromium
browser  cmd:node                             nodejs                 nodejs
bench-peers  cmd:node                         nodejs                 nodejs
bench-peers  cmd:npm                          npm                    npm
bench-peers  cmd:g++                          g++                    gcc-c++
bench-peers  cmd:python3                      python3                python3
bench-peers  py:requests                      python3-requests       python3-requests
'

fail()
{
	echo "deps.sh: $*" >&2
	exit 1
}

# One of the files exists; commas between patterns.
have_file()
{
	for pattern in $(echo "$1" | tr ',' ' '); do
		for file in $pattern; do
			if [ -e "$file" ]; then
				return 0
			fi
		done
	done
	return 1
}

have()
{
	case $1 in
	cmd:*) command -v "${1#cmd:}" > /dev/null 2>&1 ;;
	pc:*) pkg-config --exists "${1#pc:}" 2> /dev/null ;;
	file:*) have_file "${1#file:}" ;;
	py:*) python3 -c "import ${1#py:}" 2> /dev/null ;;
	*) fail "bad row: $1" ;;
	esac
}

# True when rows of a group belong to what was asked for. $1: group of the row, $2: asked for.
belongs()
{
	[ "$1" = "$2" ] || { [ "$2" = all ] && { [ "$1" = build ] || [ "$1" = test ]; }; }
}

# Prints the packages of the group that are missing, each once. $1: group, $2: apt or dnf.
missing()
{
	set -f
	echo "$wanted" | while read -r group what apt dnf; do
		if [ -z "$group" ] || ! belongs "$group" "$1"; then
			continue
		fi
		set +f
		if ! have "$what"; then
			if [ "$2" = apt ]; then echo "$apt"; else echo "$dnf"; fi
		fi
		set -f
	done | sort -u | tr '\n' ' '
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo > /dev/null 2>&1; then
		sudo "$@"
	else
		fail "not root, and there is no sudo; run as root: $*"
	fi
}

# What it prints matters only when it fails.
quietly()
{
	log=$(mktemp)
	if "$@" > "$log" 2>&1; then
		rm -f "$log"
		return 0
	fi
	cat "$log" >&2
	rm -f "$log"
	return 1
}

install_apt()
{
	# An index that cannot be refreshed may still be good enough.
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update ||
		echo "deps.sh: apt-get update failed; going on with what is known" >&2
	quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
		--no-install-recommends "$@"
}

install_dnf()
{
	quietly as_root dnf -q -y --setopt=install_weak_deps=False install "$@"
}

group=${1:-all}
case $group in
build | test | all | browser | bench-peers) ;;
*) fail "usage: deps.sh [build|test|all|browser|bench-peers]" ;;
esac

if command -v apt-get > /dev/null 2>&1; then
	manager=apt
elif command -v dnf > /dev/null 2>&1; then
	manager=dnf
else
	manager=none
fi

packages=$(missing "$group" "$manager")
if [ -z "$packages" ]; then
	exit 0
fi
if [ "$manager" = none ]; then
	fail "neither apt-get nor dnf is here; please install what these are called on this system: $packages"
fi
echo "deps.sh: installing $packages" >&2
# shellcheck disable=SC2086 # a list of words
"install_$manager" $packages || fail "the packages could not be installed"
packages=$(missing "$group" "$manager")
if [ -n "$packages" ]; then
	fail "still missing after the installation: $packages"
fi
