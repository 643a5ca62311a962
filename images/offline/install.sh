#!/bin/sh
# Installs the VDI operator from this bundle without a network. docs/offline.md describes every step.
set -eu

usage() {
  cat <<'USAGE'
usage: install.sh verify [--key FILE]     compare the files with SHA256SUMS, and its signature with a public key
       install.sh import                  import the images on this node; run it as root on every node
       install.sh install [HELM FLAGS]    install or upgrade the chart in the cluster of KUBECONFIG
Environment: CTR, the command that imports images. Default: k3s ctr, microk8s ctr, or ctr --namespace k8s.io.
USAGE
}

fail() {
  echo "✗ $1" >&2
  exit "${2:-1}"
}

cd "$(dirname "$0")"

verify() {
  sha256sum --check --quiet --strict SHA256SUMS >&2 || fail "the bundle is damaged: copy it again"
}

verify_signature() {
  command -v openssl >/dev/null || fail "openssl is not installed: verify SHA256SUMS.sig with cosign, see docs/offline.md"
  signature=$(mktemp)
  trap 'rm -f "$signature"' EXIT
  openssl base64 -d -A -in SHA256SUMS.sig -out "$signature"
  openssl dgst -sha256 -verify "$1" -signature "$signature" SHA256SUMS >/dev/null ||
    fail "SHA256SUMS was not signed with the key $1"
}

import() {
  if [ -z "${CTR:-}" ]; then
    if command -v k3s >/dev/null; then
      CTR="k3s ctr"
    elif command -v microk8s >/dev/null; then
      CTR="microk8s ctr"
    elif command -v ctr >/dev/null; then
      CTR="ctr --namespace k8s.io"
    else
      fail "no ctr found: set CTR to the command that imports images into containerd"
    fi
  fi
  for archive in images/*.tar; do
    # CTR is a command with arguments.
    # shellcheck disable=SC2086
    $CTR images import "$archive"
  done
}

case ${1:-} in
  verify)
    key=cosign.pub
    if [ "${2:-}" = --key ] && [ $# -eq 3 ]; then
      key=$3
    elif [ $# -ne 1 ]; then
      usage >&2
      fail "verify accepts only --key FILE" 2
    fi
    verify
    verify_signature "$key"
    echo "all files are as they were packed; SHA256SUMS was signed with the key $key"
    [ "$key" != cosign.pub ] ||
      echo "this key came with the bundle: compare it with a key that you got another way, or give that with --key"
    ;;
  import)
    [ $# -eq 1 ] || fail "import accepts no arguments" 2
    verify
    import
    ;;
  install)
    shift
    command -v helm >/dev/null || fail "helm is not on the PATH: install Helm 3"
    verify
    helm upgrade --install vdi-operator chart/*.tgz --namespace vdi-system --create-namespace --wait --timeout 5m "$@"
    ;;
  -h | --help) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
