// Simulates the DRA driver of a GPU vendor on one node: it publishes simulated GPUs in a ResourceSlice, and prepares the
// claims of pods for the kubelet. A container that uses a claim gets one environment variable for each of its devices,
// through a CDI file as with real drivers.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/dynamic-resource-allocation/kubeletplugin"
	"k8s.io/dynamic-resource-allocation/resourceslice"
)

// cdiKind is the vendor and class of the devices in CDI files.
const cdiKind = "vdi.devcluster/gpu"

var (
	driver     = flag.String("driver", "gpu.example.com", "name of the driver")
	kubelet    = flag.String("kubelet", "/var/lib/kubelet", "the kubelet's directory")
	cdi        = flag.String("cdi", "/var/run/cdi", "directory of the CDI files that the container runtime reads")
	kubeconfig = flag.String("kubeconfig", "", "path of an admin kubeconfig")
	nodeName   = flag.String("node", "", "name of this node")
	gpus       = flag.Int("gpus", 1, "number of simulated GPUs")
)

func main() {
	flag.Parse()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	data := filepath.Join(*kubelet, "plugins", *driver)
	for _, folder := range []string{data, *cdi} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			log.Fatal(err)
		}
	}
	ctx := context.Background()
	helper, err := kubeletplugin.Start(ctx, &plugin{},
		kubeletplugin.DriverName(*driver),
		kubeletplugin.NodeName(*nodeName),
		kubeletplugin.KubeClient(kubernetes.NewForConfigOrDie(config)),
		kubeletplugin.PluginDataDirectoryPath(data),
		kubeletplugin.RegistrarDirectoryPath(filepath.Join(*kubelet, "plugins_registry")))
	if err != nil {
		log.Fatal(err)
	}
	err = helper.PublishResources(ctx, resourceslice.DriverResources{Pools: map[string]resourceslice.Pool{
		*nodeName: {Slices: []resourceslice.Slice{{Devices: devices()}}}}})
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%s offers %d GPUs", *driver, *gpus)
	<-ctx.Done()
}

func devices() []resourceapi.Device {
	model := "Tesla-T4"
	var found []resourceapi.Device
	for gpu := range *gpus {
		index := int64(gpu)
		found = append(found, resourceapi.Device{
			Name: fmt.Sprintf("gpu-%d", gpu),
			Attributes: map[resourceapi.QualifiedName]resourceapi.DeviceAttribute{
				"index": {IntValue: &index},
				"model": {StringValue: &model},
			},
			Capacity: map[resourceapi.QualifiedName]resourceapi.DeviceCapacity{
				"memory": {Value: resource.MustParse("16Gi")},
			},
		})
	}
	return found
}

type plugin struct{}

func (p *plugin) PrepareResourceClaims(_ context.Context, claims []*resourceapi.ResourceClaim) (
	map[types.UID]kubeletplugin.PrepareResult, error) {
	results := map[types.UID]kubeletplugin.PrepareResult{}
	for _, claim := range claims {
		results[claim.UID] = prepare(claim)
	}
	return results, nil
}

// A CDI file, as far as this driver writes it.
type specification struct {
	Version string      `json:"cdiVersion"`
	Kind    string      `json:"kind"`
	Devices []cdiDevice `json:"devices"`
}

type cdiDevice struct {
	Name           string         `json:"name"`
	ContainerEdits containerEdits `json:"containerEdits"`
}

type containerEdits struct {
	Env []string `json:"env"`
}

func prepare(claim *resourceapi.ResourceClaim) kubeletplugin.PrepareResult {
	sharing, err := sharing(claim)
	if err != nil {
		return kubeletplugin.PrepareResult{Err: err}
	}
	spec := specification{Version: "0.6.0", Kind: cdiKind}
	var prepared []kubeletplugin.Device
	for _, result := range claim.Status.Allocation.Devices.Results {
		if result.Driver != *driver {
			continue
		}
		// The runtime caches the file, so the name of a device is never used for another claim.
		name := fmt.Sprintf("%s-%s", claim.UID, result.Device)
		variable := "VDI_DEVCLUSTER_DEVICE_" + strings.ToUpper(strings.ReplaceAll(result.Device, "-", "_"))
		spec.Devices = append(spec.Devices, cdiDevice{Name: name,
			ContainerEdits: containerEdits{Env: []string{variable + "=" + sharing}}})
		prepared = append(prepared, kubeletplugin.Device{Requests: []string{result.Request}, PoolName: result.Pool,
			DeviceName: result.Device, CDIDeviceIDs: []string{cdiKind + "=" + name}})
	}
	content, err := json.Marshal(spec)
	if err != nil {
		return kubeletplugin.PrepareResult{Err: err}
	}
	// The runtime may read the folder at any time: it must not find a part of the file.
	temporary := file(claim.UID) + ".tmp"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return kubeletplugin.PrepareResult{Err: err}
	}
	if err := os.Rename(temporary, file(claim.UID)); err != nil {
		return kubeletplugin.PrepareResult{Err: err}
	}
	log.Printf("prepared claim %s/%s: %d devices, sharing %s", claim.Namespace, claim.Name, len(prepared), sharing)
	return kubeletplugin.PrepareResult{Devices: prepared}
}

// sharing returns the field "sharing" of the claim's opaque configuration for this driver: "exclusive" without one.
func sharing(claim *resourceapi.ResourceClaim) (string, error) {
	for _, config := range claim.Status.Allocation.Devices.Config {
		if config.Opaque == nil || config.Opaque.Driver != *driver {
			continue
		}
		var parameters struct{ Sharing string }
		if err := json.Unmarshal(config.Opaque.Parameters.Raw, &parameters); err != nil {
			return "", fmt.Errorf("parameters of the claim: %w", err)
		}
		if parameters.Sharing != "" {
			return parameters.Sharing, nil
		}
	}
	return "exclusive", nil
}

func (p *plugin) UnprepareResourceClaims(_ context.Context, claims []kubeletplugin.NamespacedObject) (
	map[types.UID]error, error) {
	results := map[types.UID]error{}
	for _, claim := range claims {
		err := os.Remove(file(claim.UID))
		if os.IsNotExist(err) {
			err = nil
		}
		results[claim.UID] = err
		log.Printf("released claim %s/%s", claim.Namespace, claim.Name)
	}
	return results, nil
}

func (p *plugin) HandleError(_ context.Context, err error, message string) {
	log.Printf("%s: %v", message, err)
}

func file(claim types.UID) string {
	return filepath.Join(*cdi, fmt.Sprintf("%s-%s.json", *driver, claim))
}
