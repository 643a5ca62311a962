package io.vdi.operator.admission.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.admission.validation.AdmissionContext;
import io.vdi.operator.admission.validation.AdmissionPolicy;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.RecordedGroups;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.SessionAdmission;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.Quantities;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The largest bodies that the port accepts, with the content that costs the rules most. Each is
 * answered; the output has the time of each, which docs/decisions/review-bounds.md quotes.
 */
class WorstCaseTest {
  private static final int SIZE = AdmissionRoutes.MAX_BODY - 2048;
  private static final int RUNS = 5;
  private static final AdmissionPolicy POLICY =
      new AdmissionPolicy(
          new Identity(
              Identity.Mode.ENFORCE,
              Set.of(),
              Set.of(),
              new IdentityMapping(Map.of(), "email", "oidc:")),
          List.of(),
          WatchedNamespaces.ALL,
          new RecordedGroups(List.of("course-*")));
  private static final AdmissionContext CONTEXT =
      new AdmissionContext(
          Optional.empty(), Optional.empty(), List.of(), false, false, Instant.EPOCH);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "username @.",
        "username a",
        "groups",
        "extra",
        "namespace a",
        "name a",
        "user @.",
        "user a",
        "user \u212a",
        "template a",
        "timeout 9",
        "memory 9",
        "metadata.name a",
        "annotations",
        "labels",
        "finalizers",
        "env",
        "allowedUsers",
        "image a",
        "uid a",
        "operation a"
      })
  void everyBodyIsAnswered(String field) throws Exception {
    byte[] body = body(field).getBytes(StandardCharsets.UTF_8);
    assertThat(body.length).isBetween(1024 * 1024, AdmissionRoutes.MAX_BODY);
    long best = Long.MAX_VALUE;
    int length = 0;
    for (int i = 0; i < RUNS; i++) {
      long start = System.nanoTime();
      length = answer(body).length();
      best = Math.min(best, System.nanoTime() - start);
    }
    assertThat(length).as("length of the answer").isLessThan(64 * 1024);
    System.out.printf(
        "worst case: review of %d bytes, %-15s %8d µs%n", body.length, field, best / 1000);
  }

  @Test
  void everyParserStopsEarlyOrTakesLinearTime() {
    for (String text :
        List.of("a".repeat(SIZE), "@.".repeat(SIZE / 2), "9".repeat(SIZE), "9h".repeat(SIZE / 2))) {
      print("duration", text, () -> assertThat(Durations.parse(text)).isEmpty());
      print("quantity", text, () -> assertThat(Quantities.parse(text)).isEmpty());
      print("label", text, () -> assertThat(Labels.valueOf(text)).hasSizeLessThan(64));
    }
  }

  private static void print(String what, String text, Runnable rule) {
    long best = Long.MAX_VALUE;
    for (int i = 0; i < RUNS; i++) {
      long start = System.nanoTime();
      rule.run();
      best = Math.min(best, System.nanoTime() - start);
    }
    System.out.printf(
        "worst case: %-8s of %d characters %s… %8d µs%n",
        what, text.length(), text.substring(0, 4), best / 1000);
  }

  private static String answer(byte[] body) {
    try {
      AdmissionRequest request = AdmissionReview.decode(body);
      SessionAdmission.mutate(request, CONTEXT, POLICY);
      return SessionAdmission.validate(request, CONTEXT, POLICY) instanceof Response response
          ? AdmissionReview.encode(request.uid(), response)
          : "";
    } catch (AdmissionReview.UnreadableReviewException e) {
      return e.getMessage();
    } catch (AdmissionReview.OutOfBoundsException e) {
      return e.answer();
    }
  }

  /** A review in which this field fills the body. */
  private static String body(String field) {
    String[] parts = field.split(" ", 2);
    String text = parts.length == 1 ? "" : parts[1].repeat(SIZE / utf8(parts[1]));
    JsonObject user = new JsonObject();
    user.addProperty("username", parts[0].equals("username") ? text : "alice@example.com");
    JsonObject metadata = new JsonObject();
    metadata.addProperty("namespace", "desks");
    JsonObject spec = new JsonObject();
    spec.addProperty("user", "alice@example.com");
    spec.addProperty("template", "t");
    JsonObject kind = new JsonObject();
    kind.addProperty("group", "vdi.kasm.io");
    kind.addProperty(
        "kind",
        Set.of("env", "allowedUsers", "image").contains(parts[0]) ? "VDITemplate" : "VDISession");
    JsonObject request = new JsonObject();
    request.addProperty("uid", "1");
    request.addProperty("operation", "CREATE");
    request.addProperty("namespace", "desks");
    switch (parts[0]) {
      case "username" -> {}
      case "groups" -> user.add("groups", list("g", SIZE / 4));
      case "extra" -> user.add("extra", lists(SIZE / 32));
      case "namespace", "name", "uid", "operation" -> request.addProperty(parts[0], text);
      case "user", "template", "timeout", "image" -> spec.addProperty(parts[0], text);
      case "memory" -> {
        JsonObject resources = new JsonObject();
        resources.addProperty("memory", text);
        spec.add("resources", resources);
      }
      case "metadata.name" -> metadata.addProperty("name", text);
      case "annotations", "labels" -> metadata.add(parts[0], object("vdi.kasm.io/", SIZE / 32));
      case "finalizers" -> metadata.add("finalizers", list("f", SIZE / 4));
      case "env" -> spec.add("env", list("e", SIZE / 4));
      case "allowedUsers" -> spec.add("allowedUsers", list("u", SIZE / 4));
      default -> throw new IllegalArgumentException(field);
    }
    JsonObject object = new JsonObject();
    object.add("metadata", metadata);
    object.add("spec", spec);
    request.add("kind", kind);
    request.add("userInfo", user);
    request.add("object", object);
    JsonObject review = new JsonObject();
    review.addProperty("apiVersion", "admission.k8s.io/v1");
    review.addProperty("kind", "AdmissionReview");
    review.add("request", request);
    return review.toString();
  }

  private static int utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static JsonArray list(String item, int count) {
    JsonArray list = new JsonArray();
    for (int i = 0; i < count; i++) {
      list.add(item);
    }
    return list;
  }

  private static JsonObject lists(int count) {
    JsonObject object = new JsonObject();
    for (int i = 0; i < count; i++) {
      object.add("key-" + i, list("v", 1));
    }
    return object;
  }

  private static JsonObject object(String prefix, int count) {
    JsonObject object = new JsonObject();
    for (int i = 0; i < count; i++) {
      object.addProperty(prefix + i, "");
    }
    return object;
  }
}
