package io.vdi.operator.admission.http;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.admission.validation.AdmissionContext;
import io.vdi.operator.admission.validation.AdmissionPolicy;
import io.vdi.operator.admission.validation.AdmissionRequest;
import io.vdi.operator.admission.validation.ApiCheckRequired;
import io.vdi.operator.admission.validation.QuotaCheckRequired;
import io.vdi.operator.admission.validation.RecordedGroups;
import io.vdi.operator.admission.validation.Response;
import io.vdi.operator.admission.validation.SessionAdmission;
import io.vdi.operator.admission.validation.Verdict;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.identity.Identity;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiTemplate;
import io.vdi.operator.common.model.WatchedNamespaces;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The target of {@code make fuzz}: Jazzer calls it with bytes that it mutates for coverage. The
 * whole way of a body through codec, bounds and rules ends with an answer, and an allow is only for
 * who may have it.
 */
public final class ReviewFuzzer {
  private static final AdmissionPolicy POLICY =
      new AdmissionPolicy(
          new Identity(
              Identity.Mode.ENFORCE,
              Set.of("system:masters"),
              Set.of("system:serviceaccount:vdi-system:vdi-controller"),
              new IdentityMapping(Map.of(), "", "")),
          List.of(),
          WatchedNamespaces.ALL,
          new RecordedGroups(List.of("course-*")));
  private static final AdmissionContext CONTEXT =
      new AdmissionContext(
          Optional.of(
              KubeGson.gson()
                  .fromJson(
                      "{metadata: {name: t}, spec: {image: x, maxTimeout: 9h}}",
                      VdiTemplate.class)),
          Optional.empty(),
          List.of(),
          true,
          false,
          Instant.EPOCH);

  /** More than any message of the rules needs. */
  private static final int MAX_ANSWER = 64 * 1024;

  private ReviewFuzzer() {}

  /** The entry point that Jazzer looks for. */
  public static void fuzzerTestOneInput(byte[] body) {
    try {
      AdmissionRequest request = AdmissionReview.decode(body);
      check(request, SessionAdmission.mutate(request, CONTEXT, POLICY));
      Verdict verdict = SessionAdmission.validate(request, CONTEXT, POLICY);
      switch (verdict) {
        case Response response -> check(request, response);
        case QuotaCheckRequired quota -> check(request, Response.Allow.unchanged(quota.warnings()));
        case ApiCheckRequired pod -> check(request, Response.Allow.unchanged(pod.warnings()));
      }
      if (!(verdict instanceof Response.Deny) && !mayBeAllowed(request)) {
        throw new AssertionError("allowed: " + request);
      }
    } catch (AdmissionReview.UnreadableReviewException e) {
      require(!e.getMessage().isEmpty(), "no reason for 400");
    } catch (AdmissionReview.OutOfBoundsException e) {
      check(e.answer());
    }
  }

  private static void check(AdmissionRequest request, Response response) {
    check(AdmissionReview.encode(request.uid(), response));
  }

  private static void check(String answer) {
    require(answer.length() <= MAX_ANSWER, "an answer of " + answer.length() + " characters");
    JsonObject response =
        JsonParser.parseString(answer).getAsJsonObject().getAsJsonObject("response");
    require(response.has("allowed") && response.has("uid"), answer);
    require(
        response.get("allowed").getAsBoolean()
            || response.getAsJsonObject("status").get("code").getAsInt() / 100 == 4,
        answer);
  }

  /** A second opinion, much coarser than the rules. */
  private static boolean mayBeAllowed(AdmissionRequest request) {
    Caller caller = request.caller();
    boolean admin =
        caller.groups().contains("system:masters")
            || caller.username().startsWith("system:serviceaccount:vdi-system:vdi-")
            || caller.username().startsWith("system:serviceaccount:kube-system:")
            || caller.username().equals("system:kube-controller-manager");
    boolean ours = request.group().equals("vdi.kasm.io");
    boolean template = request.kind().equals("VDITemplate");
    boolean unchanged =
        request.operation().equals("UPDATE")
            && request.oldObject().isPresent()
            && spec(request.object()).equals(spec(request.oldObject()));
    return !ours
        || (template && !request.subResource().equals("status"))
        || admin
        || unchanged
        || user(request).equals(caller.username().toLowerCase(Locale.ROOT));
  }

  private static JsonObject spec(Optional<JsonObject> object) {
    return object.map(json -> json.get("spec")).orElse(null) instanceof JsonObject spec
        ? spec
        : new JsonObject();
  }

  private static String user(AdmissionRequest request) {
    JsonObject spec = spec(request.oldObject().or(request::object));
    return spec.has("user") && spec.get("user").isJsonPrimitive()
        ? spec.get("user").getAsString().toLowerCase(Locale.ROOT)
        : "";
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
