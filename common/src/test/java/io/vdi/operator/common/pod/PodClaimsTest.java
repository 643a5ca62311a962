package io.vdi.operator.common.pod;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.GpuRequest.DeviceClass;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PodClaimsTest {
  @Test
  void everySelectorIsAnExpressionOfItsOwnInTheOrderOfTheTemplate() {
    List<String> expressions =
        List.of(
            "device.attributes['a'].b == \"<\u00E9&>\" &&\n  !device.c",
            "true",
            "true",
            "device.capacity['a'].memory.compareTo(quantity('40Gi')) >= 0");
    JsonObject claim = PodClaims.spec(new DeviceClass("c", expressions, Optional.empty()), 1);
    // As the API server reads it.
    JsonObject sent = json(claim.toString());
    assertThat(
            request(sent).getAsJsonObject("exactly").getAsJsonArray("selectors").asList().stream()
                .map(item -> item.getAsJsonObject().getAsJsonObject("cel"))
                .map(cel -> cel.get("expression").getAsString()))
        .containsExactlyElementsOf(expressions);
  }

  @Test
  void theDriverGetsItsParametersExactlyAsTheTemplateHasThem() {
    String parameters =
        "{\"kind\":\"GpuConfig\",\"n\":9007199254740993,\"big\":123456789012345678901234567890,"
            + "\"f\":1.10,\"none\":null,\"empty\":{},\"list\":[],\"text\":\"<\u00E9>\"}";
    VdiTemplate template =
        KubeGson.gson()
            .fromJson(
                """
                {"spec": {"gpu": {"deviceClassName": "c",
                  "deviceConfig": {"driver": "d.example.com", "parameters": %s}}}}
                """
                    .formatted(parameters),
                VdiTemplate.class);
    JsonObject claim = PodClaims.spec((DeviceClass) template.spec().gpu().request(), 2);
    JsonElement config = claim.getAsJsonObject("devices").getAsJsonArray("config").get(0);
    assertThat(config)
        .hasToString(
            "{\"opaque\":{\"parameters\":%s,\"driver\":\"d.example.com\"},\"requests\":[\"gpu\"]}"
                .formatted(parameters));
  }

  private static JsonObject request(JsonObject claim) {
    return claim.getAsJsonObject("devices").getAsJsonArray("requests").get(0).getAsJsonObject();
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
