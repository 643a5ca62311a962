package io.vdi.operator.controller.session.resources;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.pod.StrategicMerge;
import io.vdi.operator.devcluster.build.GoPrograms;
import io.vdi.operator.devcluster.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.yaml.snakeyaml.Yaml;

/** Our merge gives what {@code kubectl patch --type=strategic} gives. */
class StrategicMergeIT {
  private static final String BASE =
      """
      nodeSelector: {gpu: 'yes'}
      imagePullSecrets: [{name: registry}]
      tolerations: [{key: gpu, operator: Exists}]
      securityContext: {fsGroup: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: selkies
          image: desktop
          env: [{name: A, value: a}, {name: B, value: b}]
          ports: [{name: http, containerPort: 8080}]
          resources: {limits: {cpu: '2'}}
          readinessProbe: {tcpSocket: {port: http}, periodSeconds: 5}
          volumeMounts: [{name: home, mountPath: /home/user}]
      volumes:
        - name: home
          persistentVolumeClaim: {claimName: home}
        - name: shm
          emptyDir: {medium: Memory}
      """;

  private static final List<String> FRAGMENTS =
      List.of(
          "{priorityClassName: high}",
          "{nodeSelector: {zone: a}}",
          "{nodeSelector: {gpu: 'no'}}",
          "{imagePullSecrets: [{name: registry}, {name: other}]}",
          "{tolerations: [{key: course, operator: Exists}]}",
          "{securityContext: {fsGroup: 2000, supplementalGroups: [3, 1]}}",
          "{hostAliases: [{ip: 10.0.0.1, hostnames: [b, a]}]}",
          "{topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1}]}",
          "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: []}}}}",
          "{initContainers: [{name: prepare, image: tool, env: [{name: X, value: x}]}]}",
          "{containers: [{name: sync, image: sync, ports: [{containerPort: 9090}]}]}",
          "{containers: [{name: selkies, env: [{name: B, value: c}, {name: C, value: d}]}]}",
          "{containers: [{name: selkies, envFrom: [{secretRef: {name: licence}}]}]}",
          "{containers: [{name: selkies, ports: [{containerPort: 8080, hostPort: 1}, {containerPort: 1}]}]}",
          "{containers: [{name: selkies, volumeMounts: [{name: data, mountPath: /data}]}]}",
          "{containers: [{name: selkies, readinessProbe: {periodSeconds: 9}, command: [a, b]}]}",
          "{volumes: [{name: data, configMap: {name: data, items: [{key: k, path: p}]}}]}",
          "{volumes: [{name: shm, emptyDir: {sizeLimit: 1Gi}}]}");

  @Property(tries = 60)
  void sameAsKubectl(@ForAll("overlays") List<String> fragments) throws IOException {
    JsonObject overlay = new JsonObject();
    for (String fragment : fragments) {
      overlay = StrategicMerge.podSpec(overlay, json(fragment));
    }
    JsonObject base = json(BASE);
    assertThat(sorted(StrategicMerge.podSpec(base, overlay)))
        .as(overlay.toString())
        .isEqualTo(sorted(kubectl(base, overlay)));
  }

  @Provide
  Arbitrary<List<String>> overlays() {
    return Arbitraries.of(FRAGMENTS).list().uniqueElements().ofMinSize(1).ofMaxSize(6);
  }

  private static JsonObject kubectl(JsonObject base, JsonObject overlay) throws IOException {
    JsonObject pod = json("{apiVersion: v1, kind: Pod, metadata: {name: desktop}}");
    pod.add("spec", base);
    JsonObject patch = new JsonObject();
    patch.add("spec", overlay);
    Path file = Files.createTempFile("pod", ".json");
    try {
      Files.writeString(file, pod.toString());
      String merged =
          Command.run(
              List.of(
                  GoPrograms.inDefaultCache().kubernetes().resolve("kubectl").toString(),
                  "patch",
                  "--local",
                  "--type=strategic",
                  "--filename=" + file,
                  "--patch=" + patch,
                  "--output=json"));
      return JsonParser.parseString(merged).getAsJsonObject().getAsJsonObject("spec");
    } finally {
      Files.delete(file);
    }
  }

  private static JsonObject json(String yaml) {
    Object loaded = new Yaml().load(yaml);
    return new Gson().toJsonTree(loaded).getAsJsonObject();
  }

  /** kubectl puts new items of a merged list before the others; the order means nothing. */
  private static JsonElement sorted(JsonElement element) {
    return switch (element) {
      case JsonObject object -> {
        JsonObject result = new JsonObject();
        object.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .forEach(entry -> result.add(entry.getKey(), sorted(entry.getValue())));
        yield result;
      }
      case JsonArray array -> {
        JsonArray result = new JsonArray();
        boolean objects =
            StreamSupport.stream(array.spliterator(), false).allMatch(JsonElement::isJsonObject);
        StreamSupport.stream(array.spliterator(), false)
            .map(StrategicMergeIT::sorted)
            .sorted(
                objects
                    ? Comparator.comparing(JsonElement::toString)
                    : Comparator.comparing(e -> 0))
            .forEach(result::add);
        yield result;
      }
      default -> element;
    };
  }
}
