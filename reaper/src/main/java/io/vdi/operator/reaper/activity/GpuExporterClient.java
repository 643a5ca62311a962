package io.vdi.operator.reaper.activity;

import com.google.gson.JsonObject;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.ApiFailure;
import io.vdi.operator.common.model.Pod;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.reaper.activity.LoadConfig.GpuConfig;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;

/** Reads the utilization of the GPUs of a node from the DCGM exporter that runs on it. */
final class GpuExporterClient {
  /** In percent, for each GPU and the pod that uses it. */
  static final String METRIC = "DCGM_FI_DEV_GPU_UTIL";

  private final KubeClient api;
  private final OkHttpClient http = MetricsClient.configure(new OkHttpClient.Builder()).build();

  GpuExporterClient(KubeClient api) {
    this.api = api;
  }

  /**
   * The samples of {@link #METRIC}.
   *
   * @throws InterruptedException if the thread is interrupted
   */
  Scrape read(String node, GpuConfig config, Duration timeout) throws InterruptedException {
    if (config.selector().isEmpty()) {
      return new Scrape.NoAnswer("the setting busy.gpu.selector names no DCGM exporter");
    }
    ApiResult<JsonObject> pods =
        api.request(
            "GET",
            "%s?labelSelector=%s&fieldSelector=%s"
                .formatted(
                    ResourceType.POD.path(config.namespace()),
                    encode(config.selector()),
                    encode("spec.nodeName=" + node)),
            null);
    Optional<String> ip = pods.ok().flatMap(GpuExporterClient::address);
    if (ip.isEmpty()) {
      return new Scrape.NoAnswer(
          "no pod %s with an address runs on the node%s"
              .formatted(
                  config.selector(),
                  pods.failure().map(ApiFailure::message).map(why -> ": " + why).orElse("")));
    }
    HttpUrl url =
        new HttpUrl.Builder()
            .scheme("http")
            .host(ip.get())
            .port(config.port())
            .addPathSegment("metrics")
            .build();
    return MetricsClient.read(http, new Request.Builder().url(url), METRIC, timeout);
  }

  private static Optional<String> address(JsonObject list) {
    return List.of(KubeGson.gson().fromJson(list.get("items"), Pod[].class)).stream()
        .filter(pod -> !pod.metadata().isDeleting())
        .map(pod -> pod.status().podIp())
        .filter(ip -> !ip.isEmpty())
        .findFirst();
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  void close() {
    MetricsClient.close(http);
  }
}
