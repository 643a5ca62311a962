#!/bin/sh
# A local authority and a certificate of it for the admission webhook, to try things out:
#   local-ca.sh FOLDER [NAME…]    names and addresses; default: the webhook's Service in vdi-system
# Writes ca.crt, ca.key, tls.crt, tls.key to FOLDER and prints the caBundle. Run again, it keeps the
# authority and makes a new certificate.
set -eu

[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
command -v openssl >/dev/null || { echo "openssl is needed and not installed" >&2; exit 1; }
folder=$1
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
mkdir -p "$folder"
cd "$folder"
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
