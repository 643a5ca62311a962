#!/bin/sh
# Configures how desktops share GPUs through the NVIDIA GPU operator, with time slicing, MPS or MIG: applies the
# configuration, waits until every GPU node offers what it should, and restores the previous configuration if a node
# does not.
set -eu

usage() {
  cat <<'USAGE'
usage: configure_gpu_slicing.sh [options]
  --sharing KIND      time-slicing (default), mps or mig
  --replicas N        time-slicing, mps: how many times each GPU is offered (default 8; 1 disables sharing)
  --config KEY=N      time-slicing, mps: N replicas for nodes with the label nvidia.com/device-plugin.config=KEY; can be
                      repeated
  --profile PROFILE=N mig: N devices of this profile on each GPU, such as 1g.5gb=7; can be repeated; none disables MIG
  --namespace NAME    namespace of the GPU operator (default gpu-operator)
  --timeout SECONDS   maximum time to wait for the nodes (default 300)
  --dry-run           print the changes after a server-side dry run, and change nothing
USAGE
}

fail() {
  echo "configure_gpu_slicing: $1" >&2
  exit "${2:-1}"
}

sharing=time-slicing
replicas=""
configs=""
profiles=""
namespace=gpu-operator
timeout=300
dry_run=""

number() {
  case $2 in
    '' | *[!0-9]* | 0*) fail "$1 \"$2\" must be a whole number from 1" 2 ;;
  esac
}

while [ $# -gt 0 ]; do
  case $1 in
    --sharing | --replicas | --config | --profile | --namespace | --timeout)
      [ $# -ge 2 ] || fail "$1 requires a value" 2
      case $1 in
        --sharing)
          case $2 in
            time-slicing | mps | mig) sharing=$2 ;;
            *) fail "--sharing \"$2\" must be time-slicing, mps or mig" 2 ;;
          esac
          ;;
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
        --profile)
          if [ "$2" != none ]; then
            case ${2%%=*} in
              '' | *[!0-9a-z.+]*) fail "--profile \"$2\" must be PROFILE=N, such as 1g.5gb=7, or none" 2 ;;
            esac
            number "--profile ${2%%=*}" "${2#*=}"
          fi
          profiles="$profiles $2"
          ;;
      esac
      shift 2
      ;;
    --dry-run) dry_run=--dry-run=server; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option \"$1\"" 2 ;;
  esac
done

if [ "$sharing" = mig ]; then
  [ -n "$profiles" ] || fail "--sharing mig requires --profile; kubectl describe node shows the product of the GPU" 2
  [ -z "$replicas$configs" ] || fail "--replicas and --config are not for --sharing mig" 2
  case "$profiles " in
    " none ") ;;
    *" none "*) fail "--profile none excludes other profiles" 2 ;;
  esac
else
  [ -z "$profiles" ] || fail "--profile is only for --sharing mig" 2
fi
replicas=${replicas:-8}
map=$sharing-config

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

# Prints name|value of label nvidia.com/mig.config|of its state|number of GPUs offered, for each node that supports MIG.
# The fields after that are the numbers of MIG devices offered, in the order of the profiles.
mig_nodes() {
  columns='{.metadata.name}{"|"}{.metadata.labels.nvidia\.com/mig\.config}{"|"}{.metadata.labels.nvidia\.com/mig\.config\.state}{"|"}{.status.allocatable.nvidia\.com/gpu}'
  for profile in $profiles; do
    # The device plugin names a profile 1g.5gb+me mig-1g.5gb.me.
    resource=$(echo "${profile%%=*}" | sed 's/[.+]/\\./g')
    columns="$columns{\"|\"}{.status.allocatable.nvidia\\.com/mig-$resource}"
  done
  kubectl get nodes -l nvidia.com/mig.capable=true -o jsonpath="{range .items[*]}$columns{\"\\n\"}{end}"
}

mig_nodes >"$work/mig-before"
case $sharing in
  mig)
    [ -s "$work/mig-before" ] ||
      fail "no node has the label nvidia.com/mig.capable=true: no GPU supports MIG, or GPU feature discovery has not run"
    # While a GPU is partitioned, no program may use it.
    while IFS='|' read -r node _; do
      users=$(kubectl get pods -A --field-selector "spec.nodeName=$node,status.phase!=Succeeded,status.phase!=Failed" \
        -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name}{" "}{.spec.containers[*].resources.limits}{"\n"}{end}' |
        sed -n 's|^\([^ ]*\) .*nvidia\.com/.*|\1|p' | paste -sd' ')
      [ -z "$users" ] || [ -n "$dry_run" ] ||
        fail "node $node: pods use its GPUs, which MIG does not allow while it is configured: $users"
    done <"$work/mig-before"
    ;;
  mps)
    while IFS='|' read -r node config _; do
      case $config in
        '' | all-disabled) ;;
        *) fail "node $node has MIG devices, which MPS does not support: disable MIG with --sharing mig --profile none" ;;
      esac
    done <"$work/mig-before"
    ;;
esac

# The name of the configuration of the MIG manager. It differs for each geometry, because the MIG manager applies a
# configuration only when the label of the node changes.
mig_entry() {
  entry=vdi
  for profile in $profiles; do
    [ "$profile" != none ] || { echo all-disabled; return; }
    entry="$entry-${profile#*=}x$(echo "${profile%%=*}" | tr + .)"
  done
  echo "$entry"
}

entry() {
  printf '  %s: |\n    version: v1\n    flags:\n      migStrategy: none\n    sharing:\n' "$1"
  if [ "$sharing" = mps ]; then
    printf '      mps:\n        renameByDefault: false\n'
  else
    printf '      timeSlicing:\n        renameByDefault: false\n        failRequestsGreaterThanOne: false\n'
  fi
  printf '        resources:\n          - name: nvidia.com/gpu\n            replicas: %s\n' "$2"
}

{
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: %s\ndata:\n' "$map" "$namespace"
  if [ "$sharing" = mig ]; then
    printf '  config.yaml: |\n    version: v1\n    mig-configs:\n'
    printf '      all-disabled:\n        - devices: all\n          mig-enabled: false\n'
    if [ "$profiles" != " none" ]; then
      printf '      %s:\n        - devices: all\n          mig-enabled: true\n          mig-devices:\n' "$(mig_entry)"
      for profile in $profiles; do
        printf '            "%s": %s\n' "${profile%%=*}" "${profile#*=}"
      done
    fi
  else
    entry any "$replicas"
    for config in $configs; do
      entry "${config%%=*}" "${config#*=}"
    done
  fi
} >"$work/new.yaml"

# With one profile the devices are nvidia.com/gpu as before, with several each profile is a resource of its own.
strategy=single
[ "$(echo "$profiles" | wc -w)" -le 1 ] || strategy=mixed

if [ "$sharing" = mig ]; then
  patch='{"spec":{"devicePlugin":{"config":{"name":null,"default":null}},"mig":{"strategy":"'$strategy'"},"migManager":{"config":{"name":"'$map'"}}}}'
else
  patch='{"spec":{"devicePlugin":{"config":{"name":"'$map'","default":"any"}}}}'
fi

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
old() {
  kubectl get clusterpolicies.nvidia.com "$policy" -o jsonpath="{.spec.$1}"
}
old_name=$(old devicePlugin.config.name)
old_default=$(old devicePlugin.config.default)
old_strategy=$(old mig.strategy)
old_mig=$(old migManager.config.name)

text() {
  if [ -n "$1" ]; then printf '"%s"' "$1"; else printf null; fi
}

# Without the label of the state: the MIG manager sets it again when it has applied the configuration.
label_mig() {
  kubectl label node "$1" --overwrite "nvidia.com/mig.config=$2" nvidia.com/mig.config.state- >&2
}

roll_back() {
  echo "restoring the previous configuration" >&2
  more=""
  if [ "$sharing" = mig ]; then
    more=",\"mig\":{\"strategy\":$(text "$old_strategy")},\"migManager\":{\"config\":{\"name\":$(text "$old_mig")}}"
  fi
  kubectl patch clusterpolicies.nvidia.com "$policy" --type merge -p \
    "{\"spec\":{\"devicePlugin\":{\"config\":{\"name\":$(text "$old_name"),\"default\":$(text "$old_default")}}$more}}" >&2
  if [ -n "$had_map" ]; then
    # Replaces all keys, so that keys added by this run are removed.
    kubectl -n "$namespace" patch configmap "$map" --type json \
      -p "[{\"op\":\"replace\",\"path\":\"/data\",\"value\":$(cat "$work/old-data")}]" >&2
  else
    kubectl -n "$namespace" delete configmap "$map" --ignore-not-found >&2
  fi
  if [ "$sharing" = mig ]; then
    while IFS='|' read -r node config _; do
      # A node without the label had no MIG devices.
      label_mig "$node" "${config:-all-disabled}"
    done <"$work/mig-before"
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

# Prints a line for each node whose MIG devices are not yet as configured.
unfinished_mig() {
  mig_nodes >"$work/nodes"
  while IFS='|' read -r node config state offered devices; do
    [ -n "$node" ] || continue
    if [ "$config" != "$(mig_entry)" ]; then
      echo "$node: label nvidia.com/mig.config is ${config:-missing}, should be $(mig_entry)"
    elif [ "$state" != success ]; then
      echo "$node: the MIG manager has not applied $config, its state is ${state:-unknown}"
    else
      [ "$strategy" = mixed ] || devices=$offered
      for profile in $profiles; do
        found=${devices%%|*}
        devices=${devices#*|}
        times=1
        [ "$profile" = none ] || times=${profile#*=}
        case $found in
          '' | 0 | *[!0-9]*) echo "$node: offers no devices, should offer $times of $profile for each GPU" ;;
          *)
            [ $((found % times)) -eq 0 ] ||
              echo "$node: offers $found devices, should offer $times of $profile for each GPU"
            ;;
        esac
      done
    fi
  done <"$work/nodes"
}

# Prints a line for each GPU node that does not yet offer the expected number of GPUs.
unfinished() {
  if [ "$sharing" = mig ]; then
    unfinished_mig
    return
  fi
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

# Labels the nodes that do not have this configuration yet.
label_nodes() {
  while IFS='|' read -r node config state _; do
    if [ "$config" != "$(mig_entry)" ] || [ "$state" != success ]; then
      label_mig "$node" "$(mig_entry)" || return
    fi
  done <"$work/mig-before"
}

trap interrupted INT TERM
{
  kubectl apply -f "$work/new.yaml" &&
    kubectl patch clusterpolicies.nvidia.com "$policy" --type merge -p "$patch" &&
    { [ "$sharing" != mig ] || label_nodes; }
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

if [ "$sharing" = mig ]; then
  echo "every node that supports MIG is configured:"
  while IFS='|' read -r node config _ offered devices; do
    [ "$strategy" = mixed ] || devices=$offered
    echo "  $node: $config, offers $(echo "$devices" | tr '|' ' ')"
  done <"$work/nodes"
  exit 0
fi
echo "every GPU node offers the expected number of GPUs:"
while IFS='|' read -r node count key offered; do
  echo "  $node: $count x $(replicas_of "$key") = $offered"
done <"$work/nodes"
