#!/bin/sh
# Installs what tests/real needs and nothing else: Kannel, Chromium, LibreOffice and a Chinese font from Debian's packages, and
# beside this file the SMPP codec and axe-core.
# Running it again does nothing. Kannel is never started as a service: each test run starts its own on free loopback ports.
set -eu
cd "$(dirname "$0")"

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian starts a daemon as soon as it is installed, unless /usr/sbin/policy-rc.d says no. A machine's own policy stays.
guard=/usr/sbin/policy-rc.d
guarded=no
forbid_services() {
    [ -e "$guard" ] && return 0
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
    as_root chmod 755 "$guard"
    guarded=yes
}
allow_services() {
    if [ "$guarded" = yes ]; then as_root rm -f "$guard"; fi
}
trap allow_services EXIT
trap 'exit 130' INT TERM HUP

missing=
have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
if ! have bearerbox || ! have smsbox; then missing="$missing kannel"; fi
have chromium || missing="$missing chromium"
have soffice || missing="$missing libreoffice-calc"
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
have node || missing="$missing nodejs"
have npm || missing="$missing npm"

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "tests/real needs Debian's packages (missing:$missing); this machine has no apt-get" >&2
        exit 1
    fi
    forbid_services
    as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of package names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
fi

if [ ! -d node_modules/smpp ] || [ ! -d node_modules/axe-core ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-audit --no-fund
fi
