// Modules that provide only YAML: custom resource definitions of other projects that the tests require.
module io.vdi.operator/devcluster/crds

go 1.26.0

require github.com/traefik/traefik/v3 v3.7.5
