// The custom resource definitions of the Gateway API. The module itself requires a newer Go, so it is not required here:
// GoPrograms downloads the archive and compares its hash.
// archive sigs.k8s.io/gateway-api@v1.7.0 h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=
module io.vdi.operator/devcluster/gateway-crds

go 1.26.0
