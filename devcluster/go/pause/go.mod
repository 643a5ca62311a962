// What holds a pod's namespaces: the one program of the sandbox image.
module io.vdi.operator/devcluster/pause

go 1.26.0
