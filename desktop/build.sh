#!/bin/sh
# Builds the root file system of the desktop image from Debian packages and Selkies from PyPI: build.sh <out.tar>
# Requires root (or user namespaces), mmdebstrap, and pip of any Python version.
set -eu
cd "$(dirname "$0")"
out=$1
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT

# Downloads the wheels on this machine, where pip is configured. The image installs them without network access.
python3 -m pip download --quiet --disable-pip-version-check --only-binary=:all: --no-deps --require-hashes --dest "$wheels" \
  --python-version 3.11 --implementation cp --abi cp311 --abi abi3 --abi none \
  --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 --platform any --requirement requirements.txt
cp requirements.txt "$wheels"

# Files get the date of the last change to the image's definition, not the build time, so that builds are reproducible.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1763683200}
export SOURCE_DATE_EPOCH
# Python runs the bytecode of the image without reading the sources, because nobody changes them: a fifth less CPU at a start.
mmdebstrap --quiet --variant=minbase --aptopt='Apt::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include="$(sed '/^#/d' packages | paste -sd,)" \
  --customize-hook="sync-in files /" \
  --customize-hook="mkdir \"\$1/wheels\"" \
  --customize-hook="sync-in $wheels /wheels" \
  --customize-hook='chroot "$1" python3 -m venv /opt/selkies' \
  --customize-hook='chroot "$1" env -u PIP_FIND_LINKS /opt/selkies/bin/python -m pip install --quiet --require-hashes --no-index --find-links /wheels --no-cache-dir --root-user-action ignore --requirement /wheels/requirements.txt' \
  --customize-hook='chroot "$1" env -u PIP_FIND_LINKS /opt/selkies/bin/python -m pip uninstall --quiet --yes --root-user-action ignore pip setuptools' \
  --customize-hook='rm -r "$1/wheels"' \
  --customize-hook='chroot "$1" env PYTHONHASHSEED=0 python3 -m compileall -q -f --invalidation-mode unchecked-hash /opt/selkies/lib /usr/lib/python3.11' \
  --customize-hook='chroot "$1" useradd --uid 1000 --user-group --create-home --shell /bin/bash user' \
  bookworm "$out"
