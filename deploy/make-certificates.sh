#!/bin/sh
# Makes an authority of your own and a certificate for the event store of docker-compose.secure.yml.
#
#   deploy/make-certificates.sh [folder]        default: deploy/certificates
#
# ca.crt is what Docket trusts (tlsCAFile). ca.key signs further certificates: keep it away from the servers. A folder
# that already has certificates is left as it is.
set -eu
folder=${1:-$(dirname "$0")/certificates}
names=${CERTIFICATE_NAMES:-DNS:eventstore,DNS:localhost,IP:127.0.0.1}
days=${CERTIFICATE_DAYS:-825}

mkdir -p "$folder/ca"
if [ -e "$folder/node.crt" ]; then
  echo "$folder has certificates already; nothing was changed."
  exit 0
fi
umask 077
openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days "$days" -subj '/CN=Docket event store authority' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
  -keyout "$folder/ca.key" -out "$folder/ca/ca.crt" 2>/dev/null
# EventStoreDB wants this common name on the certificates of its nodes.
openssl req -newkey rsa:3072 -nodes -sha256 -subj '/CN=eventstoredb-node' \
  -keyout "$folder/node.key" -out "$folder/node.csr" 2>/dev/null
printf '%s\n' "subjectAltName=$names" 'extendedKeyUsage=serverAuth,clientAuth' \
  'keyUsage=digitalSignature,keyEncipherment' 'basicConstraints=CA:FALSE' > "$folder/node.ext"
openssl x509 -req -sha256 -days "$days" -in "$folder/node.csr" -CA "$folder/ca/ca.crt" -CAkey "$folder/ca.key" \
  -CAcreateserial -extfile "$folder/node.ext" -out "$folder/node.crt" 2>/dev/null
rm -f "$folder/node.csr" "$folder/node.ext" "$folder/ca/ca.srl"
# The server of the image runs as a user of its own and has to read these.
chmod 644 "$folder/ca/ca.crt" "$folder/node.crt" "$folder/node.key"
chmod 755 "$folder" "$folder/ca"
echo "Made $folder/ca/ca.crt and a certificate for $names."
