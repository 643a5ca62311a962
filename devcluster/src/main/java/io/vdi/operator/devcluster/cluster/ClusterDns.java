package io.vdi.operator.devcluster.cluster;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.devcluster.process.ExitWithParent;
import java.io.File;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The DNS server of the node that runs containers. It knows Services by the names {@code
 * <service>.<namespace>.svc} and {@code <service>.<namespace>.svc.cluster.local}, and no other
 * names: a look-up of a public name fails immediately. Real clusters have CoreDNS, which takes
 * minutes to build.
 */
public final class ClusterDns {
  private static final int PORT = 53;
  private static final int MAX_PACKET = 512;
  private static final int HEADER = 12;
  private static final int TYPE_A = 1;
  private static final int TTL_SECONDS = 5;
  private static final int NO_ERROR = 0;
  private static final int NO_SUCH_NAME = 3;

  /** A response to a standard query, by an authority; the codes are added to it. */
  private static final int RESPONSE = 0x8400;

  /** Points to the name in the question. */
  private static final int NAME_POINTER = 0xC000 | HEADER;

  private static final int CLASS_INTERNET = 1;

  private final BiFunction<String, String, Optional<String>> services;

  /**
   * @param services the cluster IP of a Service, or of a headless one the address of a ready pod,
   *     by namespace and name
   */
  ClusterDns(BiFunction<String, String, Optional<String>> services) {
    this.services = services;
  }

  /** The command that runs it on an address until the JVM that starts it exits. */
  static List<String> command(String address, Path kubeconfig) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xmx48m",
        "-cp",
        classPath(),
        ExitWithParent.class.getName(),
        ClusterDns.class.getName(),
        address,
        kubeconfig.toString());
  }

  /**
   * The class path of this JVM. In the network of the cluster the working directory is the root.
   */
  private static String classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * Serves until the process ends.
   *
   * @param args the address, and the kubeconfig
   */
  public static void main(String[] args) throws IOException {
    KubeClient api = Cluster.connect(Path.of(args[1]));
    ClusterDns dns = new ClusterDns(cached(api));
    try (DatagramSocket socket =
        new DatagramSocket(new InetSocketAddress(InetAddress.getByName(args[0]), PORT))) {
      while (!socket.isClosed()) {
        DatagramPacket packet = new DatagramPacket(new byte[MAX_PACKET], MAX_PACKET);
        socket.receive(packet);
        byte[] query = new byte[packet.getLength()];
        System.arraycopy(packet.getData(), 0, query, 0, query.length);
        Optional<byte[]> answer = dns.answer(query);
        if (answer.isPresent()) {
          socket.send(
              new DatagramPacket(answer.get(), answer.get().length, packet.getSocketAddress()));
        }
      }
    }
  }

  private static BiFunction<String, String, Optional<String>> cached(KubeClient api) {
    record Known(Optional<String> address, long until) {}
    Map<String, Known> known = new HashMap<>();
    return (namespace, name) -> {
      long now = System.nanoTime();
      String path = ResourceType.SERVICE.path(namespace, name);
      Known found = known.get(path);
      if (found == null || now - found.until() > 0) {
        Optional<String> address =
            api.request("GET", path, null)
                .ok()
                .map(service -> service.getAsJsonObject("spec"))
                .filter(spec -> spec.has("clusterIP"))
                .map(spec -> spec.get("clusterIP").getAsString())
                .flatMap(
                    ip -> ip.equals("None") ? readyPod(api, namespace, name) : Optional.of(ip));
        found = new Known(address, now + Duration.ofSeconds(TTL_SECONDS).toNanos());
        known.put(path, found);
      }
      return found.address();
    };
  }

  /** The address of a headless Service. */
  private static Optional<String> readyPod(KubeClient api, String namespace, String service) {
    String slices =
        "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices?labelSelector=kubernetes.io/service-name=%s"
            .formatted(namespace, service);
    return api.request("GET", slices, null).ok().flatMap(ClusterDns::readyAddress);
  }

  static Optional<String> readyAddress(JsonObject slices) {
    return slices.getAsJsonArray("items").asList().stream()
        .map(slice -> slice.getAsJsonObject().get("endpoints"))
        .filter(endpoints -> endpoints != null && endpoints.isJsonArray())
        .flatMap(endpoints -> endpoints.getAsJsonArray().asList().stream())
        .map(JsonElement::getAsJsonObject)
        .filter(endpoint -> {
          JsonObject conditions = endpoint.getAsJsonObject("conditions");
          return conditions != null
              && conditions.has("ready")
              && conditions.get("ready").getAsBoolean();
        })
        .map(endpoint -> endpoint.getAsJsonArray("addresses").get(0).getAsString())
        .findFirst();
  }

  /** The answer to a query of one name; empty if it is none. */
  Optional<byte[]> answer(byte[] query) {
    if (query.length <= HEADER || query[2] < 0) {
      return Optional.empty();
    }
    StringBuilder name = new StringBuilder();
    int at = HEADER;
    while (at < query.length && query[at] > 0) {
      int length = query[at];
      if (at + 1 + length >= query.length) {
        return Optional.empty();
      }
      name.append(new String(query, at + 1, length, StandardCharsets.US_ASCII)).append('.');
      at += length + 1;
    }
    int end = at + 5;
    if (end > query.length || query[at] != 0) {
      return Optional.empty();
    }
    int type = ByteBuffer.wrap(query).getShort(at + 1);
    Optional<String> address = addressOf(name.toString());
    boolean answered = address.isPresent() && type == TYPE_A;
    ByteBuffer answer = ByteBuffer.allocate(end + 16);
    answer.putShort(ByteBuffer.wrap(query).getShort(0));
    int recursionDesired = query[2] & 1;
    answer.putShort(
        (short)
            (RESPONSE | recursionDesired << 8 | (address.isPresent() ? NO_ERROR : NO_SUCH_NAME)));
    answer.putShort((short) 1).putShort((short) (answered ? 1 : 0)).putInt(0);
    answer.put(query, HEADER, end - HEADER);
    if (answered) {
      answer.putShort((short) NAME_POINTER).putShort((short) TYPE_A);
      answer.putShort((short) CLASS_INTERNET).putInt(TTL_SECONDS).putShort((short) 4);
      for (String part : address.get().split("\\.", -1)) {
        answer.put((byte) Integer.parseInt(part));
      }
    }
    byte[] result = new byte[answer.position()];
    answer.flip().get(result);
    return Optional.of(result);
  }

  /**
   * @param name ends with a dot
   */
  private Optional<String> addressOf(String name) {
    String[] labels = name.toLowerCase(Locale.ROOT).split("\\.", -1);
    boolean inCluster = labels.length == 6 && labels[3].equals("cluster");
    return (labels.length == 4 || inCluster) && labels[2].equals("svc")
        ? services.apply(labels[1], labels[0])
        : Optional.empty();
  }
}
