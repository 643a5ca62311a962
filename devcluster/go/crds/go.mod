// Modules from which only YAML is taken: custom resource definitions of neighbours that the tests need.
module io.vdi.operator/devcluster/crds

go 1.26.0

require github.com/traefik/traefik/v3 v3.7.5
