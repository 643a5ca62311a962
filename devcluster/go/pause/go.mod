// The only program in the sandbox image. It keeps the namespaces of a pod open.
module io.vdi.operator/devcluster/pause

go 1.26.0
