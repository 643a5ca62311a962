#!/bin/sh
# Configures GPU time slicing through the NVIDIA GPU operator: applies the configuration, waits until every GPU node
# offers replicas x physical GPUs, and restores the previous configuration if a node does not.
set -eu

usage() {
  cat <<'USAGE'
usage: configure_gpu_slicing.sh [options]
  --replicas N        how many times each GPU is offered (default 8; 1 disables time slicing)
  --config KEY=N      N replicas for nodes with the label nvidia.com/device-plugin.config=KEY; can be repeated
  --namespace NAME    namespace of the GPU operator (default gpu-operator)
  --timeout SECONDS   maximum time to wait for the nodes (default 300)
  --dry-run           print the changes after a server-side dry run, and change nothing
USAGE
}

fail() {
  echo "configure_gpu_slicing: $1" >&2
  exit "${2:-1}"
}

replicas=8
configs=""
namespace=gpu-operator
timeout=300
dry_run=""
map=time-slicing-config

number() {
  case $2 in
    '' | *[!0-9]* | 0*) fail "$1 \"$2\" must be a whole number from 1" 2 ;;
  esac
}

while [ $# -gt 0 ]; do
  case $1 in
    --replicas | --config | --namespace | --timeout)
      [ $# -ge 2 ] || fail "$1 requires a value" 2
      case $1 in
        --replicas) number "$1" "$2"; replicas=$2 ;;
        --timeout) number "$1" "$2"; timeout=$2 ;;
        --namespace) namespace=$2 ;;
        --config)
          case ${2%%=*} in
            '' | any | *[!a-zA-Z0-9._-]*) fail "--config \"$2\" must be KEY=N, and KEY must not be any" 2 ;;
          esac
          number "--config ${2%%=*}" "${2#*=}"
          configs="$configs $2"
          ;;
      esac
      shift 2
      ;;
    --dry-run) dry_run=--dry-run=server; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option \"$1\"" 2 ;;
  esac
done

command -v kubectl >/dev/null || fail "kubectl is not on the PATH: install it"
kubectl get --raw /version >/dev/null 2>&1 || fail "cannot reach the cluster: check kubectl cluster-info"
kubectl get crd clusterpolicies.nvidia.com >/dev/null 2>&1 ||
  fail "the CRD clusterpolicies.nvidia.com is missing: install NVIDIA's GPU operator first"
kubectl get namespace "$namespace" >/dev/null 2>&1 ||
  fail "namespace $namespace not found: set --namespace to the namespace of the GPU operator"
policy=$(kubectl get clusterpolicies.nvidia.com -o jsonpath='{.items[0].metadata.name}' 2>/dev/null) || policy=""
[ -n "$policy" ] || fail "no ClusterPolicy found: check that the GPU operator is installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

entry() {
  cat <<ENTRY
  $1: |
    version: v1
    flags:
      migStrategy: none
    sharing:
      timeSlicing:
        renameByDefault: false
        failRequestsGreaterThanOne: false
        resources:
          - name: nvidia.com/gpu
            replicas: $2
ENTRY
}

{
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: %s\ndata:\n' "$map" "$namespace"
  entry any "$replicas"
  for config in $configs; do
    entry "${config%%=*}" "${config#*=}"
  done
} >"$work/new.yaml"
patch='{"spec":{"devicePlugin":{"config":{"name":"'$map'","default":"any"}}}}'

if [ -n "$dry_run" ]; then
  cat "$work/new.yaml"
  kubectl apply -f "$work/new.yaml" $dry_run
  kubectl patch clusterpolicies.nvidia.com "$policy" --type merge -p "$patch" $dry_run
  exit 0
fi

# The state to restore: the ConfigMap's data, and the configuration that the ClusterPolicy names.
had_map=""
if kubectl -n "$namespace" get configmap "$map" -o json >"$work/old.json" 2>/dev/null; then
  had_map=yes
  kubectl -n "$namespace" get configmap "$map" -o jsonpath='{.data}' >"$work/old-data"
fi
old_name=$(kubectl get clusterpolicies.nvidia.com "$policy" -o jsonpath='{.spec.devicePlugin.config.name}')
old_default=$(kubectl get clusterpolicies.nvidia.com "$policy" -o jsonpath='{.spec.devicePlugin.config.default}')

text() {
  if [ -n "$1" ]; then printf '"%s"' "$1"; else printf null; fi
}

roll_back() {
  echo "restoring the previous configuration" >&2
  kubectl patch clusterpolicies.nvidia.com "$policy" --type merge -p \
    "{\"spec\":{\"devicePlugin\":{\"config\":{\"name\":$(text "$old_name"),\"default\":$(text "$old_default")}}}}" >&2
  if [ -n "$had_map" ]; then
    # Replaces all keys, so that keys added by this run are removed.
    kubectl -n "$namespace" patch configmap "$map" --type json \
      -p "[{\"op\":\"replace\",\"path\":\"/data\",\"value\":$(cat "$work/old-data")}]" >&2
  else
    kubectl -n "$namespace" delete configmap "$map" --ignore-not-found >&2
  fi
}

interrupted() {
  trap - INT TERM
  roll_back
  rm -rf "$work"
  exit 130
}

replicas_of() {
  for config in $configs; do
    if [ "${config%%=*}" = "$1" ]; then
      echo "${config#*=}"
      return
    fi
  done
  echo "$replicas"
}

# Prints a line for each GPU node that does not yet offer the expected number of GPUs.
unfinished() {
  kubectl get nodes -l nvidia.com/gpu.present=true -o \
    jsonpath='{range .items[*]}{.metadata.name}{"|"}{.metadata.labels.nvidia\.com/gpu\.count}{"|"}{.metadata.labels.nvidia\.com/device-plugin\.config}{"|"}{.status.allocatable.nvidia\.com/gpu}{"\n"}{end}' >"$work/nodes"
  while IFS='|' read -r node count key offered; do
    [ -n "$node" ] || continue
    times=$(replicas_of "$key")
    case $count in
      '' | *[!0-9]*) echo "$node: has no label nvidia.com/gpu.count yet"; continue ;;
    esac
    wanted=$((count * times))
    [ "${offered:-0}" = "$wanted" ] || echo "$node: offers ${offered:-0}, should offer $count x $times = $wanted"
  done <"$work/nodes"
}

trap interrupted INT TERM
{
  kubectl apply -f "$work/new.yaml" &&
    kubectl patch clusterpolicies.nvidia.com "$policy" --type merge -p "$patch"
} || {
  roll_back
  fail "cannot apply the configuration; see the messages above"
}

echo "waiting for the GPU nodes, up to $timeout s"
end=$(($(date +%s) + timeout))
shown=""
while left=$(unfinished) && { [ -n "$left" ] || [ ! -s "$work/nodes" ]; }; do
  [ -s "$work/nodes" ] || left="no node has the label nvidia.com/gpu.present=true"
  if [ "$left" != "$shown" ]; then
    echo "$left"
    shown=$left
  fi
  if [ "$(date +%s)" -ge "$end" ]; then
    roll_back
    fail "timed out after $timeout s: $left"
  fi
  sleep 2
done

echo "every GPU node offers the expected number of GPUs:"
while IFS='|' read -r node count key offered; do
  echo "  $node: $count x $(replicas_of "$key") = $offered"
done <"$work/nodes"
