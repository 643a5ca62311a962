// Simulates NVIDIA's device plugin and GPU operator on one node: it implements the kubelet's device plugin API for
// simulated GPUs, offers each GPU as many times as the configuration of time slicing or MPS says (ClusterPolicy,
// ConfigMap, node label), and labels the node like GPU feature discovery. It applies changes within a second by
// restarting the plugin.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
	"sigs.k8s.io/yaml"
)

const (
	resource  = "nvidia.com/gpu"
	namespace = "gpu-operator"

	// On a node with this label every allocation fails, like on a node that has lost its GPU.
	broken = "vdi.devcluster/broken-gpus"
)

var (
	folder     = flag.String("folder", api.DevicePluginPath, "the kubelet's device plugin directory")
	kubeconfig = flag.String("kubeconfig", "", "path of an admin kubeconfig")
	nodeName   = flag.String("node", "", "name of this node")
	gpus       = flag.Int("gpus", 1, "number of simulated GPUs")

	nodes    = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}
	maps     = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	policies = schema.GroupVersionResource{Group: "nvidia.com", Version: "v1", Resource: "clusterpolicies"}
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
	cluster := dynamic.NewForConfigOrDie(config)
	offered, socket, stop := -1, "", func() {}
	for ; ; time.Sleep(time.Second) {
		replicas, err := configured(cluster)
		if err != nil {
			// Like the real plugin, keep the current state if the configuration is unreadable.
			log.Print(err)
			continue
		}
		// A kubelet that starts deletes all sockets. Like the real plugin, register again then.
		if replicas != offered || !exists(socket) {
			stop()
			offered = -1
			if socket, stop, err = offer(cluster, replicas); err != nil {
				// The kubelet has not started yet, or is restarting.
				log.Print(err)
				stop = func() {}
				continue
			}
			offered = replicas
			label(cluster, replicas)
		}
	}
}

// configured returns how many times to offer each GPU: once if there is no configuration.
func configured(cluster dynamic.Interface) (int, error) {
	ctx := context.Background()
	policy, err := cluster.Resource(policies).Get(ctx, "cluster-policy", metav1.GetOptions{})
	if err != nil {
		return 1, nil
	}
	name, _, _ := unstructured.NestedString(policy.Object, "spec", "devicePlugin", "config", "name")
	key, _, _ := unstructured.NestedString(policy.Object, "spec", "devicePlugin", "config", "default")
	node, err := cluster.Resource(nodes).Get(ctx, *nodeName, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	if own, ok := node.GetLabels()["nvidia.com/device-plugin.config"]; ok {
		key = own
	}
	if name == "" || key == "" {
		return 1, nil
	}
	found, err := cluster.Resource(maps).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	text, ok, _ := unstructured.NestedString(found.Object, "data", key)
	if !ok {
		return 0, fmt.Errorf("ConfigMap %s has no key %q", name, key)
	}
	type replicated struct {
		Resources []struct {
			Name     string
			Replicas int
		}
	}
	var config struct {
		Sharing struct {
			TimeSlicing, MPS replicated
		}
	}
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return 0, err
	}
	// NVIDIA's plugin refuses a configuration with both.
	for _, r := range append(config.Sharing.TimeSlicing.Resources, config.Sharing.MPS.Resources...) {
		if r.Name == resource {
			return r.Replicas, nil
		}
	}
	return 1, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// offer serves the plugin at a new socket and registers it with the kubelet. The returned function stops the plugin.
func offer(cluster dynamic.Interface, replicas int) (string, func(), error) {
	socket := filepath.Join(*folder, fmt.Sprintf("gpu-%d.sock", time.Now().UnixNano()))
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return "", nil, err
	}
	server := grpc.NewServer()
	api.RegisterDevicePluginServer(server, &plugin{replicas: replicas, cluster: cluster})
	go func() { _ = server.Serve(listener) }()
	kubelet, err := grpc.NewClient("unix://"+filepath.Join(*folder, "kubelet.sock"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return "", nil, err
	}
	defer kubelet.Close()
	_, err = api.NewRegistrationClient(kubelet).Register(context.Background(), &api.RegisterRequest{
		Version: api.Version, Endpoint: filepath.Base(socket), ResourceName: resource})
	log.Printf("offering %d GPUs %d times each", *gpus, replicas)
	return socket, server.Stop, err
}

func label(cluster dynamic.Interface, replicas int) {
	product := "Tesla-T4"
	if replicas > 1 {
		product += "-SHARED"
	}
	patch := fmt.Sprintf(`{"metadata":{"labels":{"nvidia.com/gpu.present":"true","nvidia.com/gpu.count":"%d",`+
		`"nvidia.com/gpu.replicas":"%d","nvidia.com/gpu.product":"%s"}}}`, *gpus, replicas, product)
	_, err := cluster.Resource(nodes).Patch(context.Background(), *nodeName, types.MergePatchType, []byte(patch),
		metav1.PatchOptions{})
	if err != nil {
		log.Print(err)
	}
}

type plugin struct {
	api.UnimplementedDevicePluginServer
	replicas int
	cluster  dynamic.Interface
}

func (p *plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return &api.DevicePluginOptions{}, nil
}

func (p *plugin) ListAndWatch(_ *api.Empty, stream api.DevicePlugin_ListAndWatchServer) error {
	var devices []*api.Device
	for gpu := range *gpus {
		for replica := range p.replicas {
			// The ID format of NVIDIA's plugin for shared devices.
			devices = append(devices, &api.Device{ID: fmt.Sprintf("GPU-%d::%d", gpu, replica), Health: api.Healthy})
		}
	}
	if err := stream.Send(&api.ListAndWatchResponse{Devices: devices}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func (p *plugin) Allocate(ctx context.Context, request *api.AllocateRequest) (*api.AllocateResponse, error) {
	node, err := p.cluster.Resource(nodes).Get(ctx, *nodeName, metav1.GetOptions{})
	if err == nil && node.GetLabels()[broken] != "" {
		return nil, fmt.Errorf("node %s has label %s", *nodeName, broken)
	}
	response := &api.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		response.ContainerResponses = append(response.ContainerResponses, &api.ContainerAllocateResponse{
			Envs: map[string]string{"VDI_DEVCLUSTER_GPUS": strconv.Itoa(len(container.DevicesIds))}})
	}
	return response, nil
}
