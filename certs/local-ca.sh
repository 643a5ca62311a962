#!/bin/sh
# Creates a local CA and a certificate for the admission webhook, for testing:
#   local-ca.sh DIRECTORY [NAME…]    NAME: DNS name or IP address; default: the webhook's Service in vdi-system
# Writes ca.crt, ca.key, tls.crt and tls.key to DIRECTORY and prints the caBundle. Run it again to keep the CA and
# create a new certificate.
set -eu

[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command -v openssl >/dev/null || { echo "openssl is not installed: install it" >&2; exit 1; }
directory=$1
shift
[ $# -ge 1 ] || set -- vdi-admission-webhook.vdi-system.svc vdi-admission-webhook.vdi-system.svc.cluster.local

names=
for name in "$@"; do
  case $name in
    *[!0-9.]*) names="$names,DNS:$name" ;;
    *) names="$names,IP:$name" ;;
  esac
done

umask 077
mkdir -p "$directory"
cd "$directory"
if [ ! -f ca.key ]; then
  openssl ecparam -name prime256v1 -genkey -noout -out ca.key
  openssl req -x509 -new -key ca.key -sha256 -days 365 -subj "/CN=vdi-local-ca" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign -out ca.crt
fi
openssl ecparam -name prime256v1 -genkey -noout -out tls.key.new
openssl req -new -key tls.key.new -subj "/CN=vdi-admission-webhook" -out tls.csr
printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n' "${names#,}" >tls.ext
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -sha256 -days 90 \
  -extfile tls.ext -out tls.crt.new 2>/dev/null
mv tls.key.new tls.key
mv tls.crt.new tls.crt
rm -f tls.csr tls.ext ca.srl
echo "caBundle: $(base64 <ca.crt | tr -d '\n')"
