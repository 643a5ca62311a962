package io.vdi.operator.admission.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.quota.ResourceAmounts;
import io.vdi.operator.devcluster.cluster.Manifests;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionAdmissionTest {
  private static final AdmissionContext VIEW =
      Requests.view(
          "{image: x, idleTimeout: 1h, maxTimeout: 4h, resources: {maxGPU: 2, maxMemory: 16Gi},"
              + " allowedGroups: [design], allowedUsers: [alice@example.com]}");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {user: alice@example.com, template: t}                                        | 1 | 1
          {user: alice@example.com, template: t, resources: {gpu: 2}}                   | 1 | 2
          {user: alice@example.com, template: t, resources: {gpu: 2}, suspended: true}  | 1 | 0
          """)
  void aNewSessionAsksForItsShare(String spec, int sessions, int gpus) {
    assertEquals(new ResourceAmounts(sessions, gpus), asked(create(spec)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {resources: {gpu: 1}}                  | {resources: {gpu: 2}}                   | 1
          {resources: {gpu: 2}, suspended: true} | {resources: {gpu: 2}, suspended: false} | 2
          {resources: {gpu: 1}, suspended: true} | {resources: {gpu: 2}, suspended: false} | 2
          """)
  void aRaiseAndAResumeAskForWhatIsMore(String before, String now, int gpus) {
    assertEquals(new ResourceAmounts(0, gpus), asked(update(before, now)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {resources: {gpu: 2}} | {resources: {gpu: 1}}
          {timeout: 1h}         | {timeout: 2h}
          {}                    | {suspended: true}
          {resources: {gpu: 5}} | {resources: {gpu: 5}, timeout: 2h}
          """)
  void whatAsksForNothingMoreIsJustAllowed(String before, String now) {
    assertInstanceOf(Decision.Allow.class, update(before, now));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {user: bob@example.com, template: t}                               | spec.template "t": is not for bob@example.com
          {user: alice@example.com, template: other}                         | spec.template "other": there is no such VDITemplate
          {user: alice@example.com, template: t, resources: {gpu: 3}}        | spec.resources.gpu 3: is more than template t allows, which is 2
          {user: alice@example.com, template: t, resources: {memory: 32Gi}}  | spec.resources.memory 32Gi: is more than template t allows, which is 16Gi
          {user: alice@example.com, template: t}                             | spec.timeout 8h: is more than template t allows, which is 4h
          {template: t}                                                      | spec.user: is missing
          {user: "a b@example.com", template: t, timeout: 1h}                | spec.user "a b@example.com": must be an e-mail
          """)
  void whatBreaksARuleIsToldWithFieldValueAndRule(String spec, String words) {
    AdmissionContext view = words.contains("timeout") ? VIEW : withoutMaxTimeout();
    Decision decision =
        SessionAdmission.validate(
            Requests.create(Requests.session(spec), Requests.ADMIN), view, Requests.POLICY);
    String message = assertInstanceOf(Decision.Deny.class, decision).message();
    assertTrue(message.contains(words), message);
  }

  @Test
  void aGroupOpensATemplate() {
    Decision decision =
        SessionAdmission.validate(
            Requests.create(
                Requests.session("{user: bob@example.com, template: t, timeout: 1h}"),
                new AdmissionRequest.Caller("bob@example.com", List.of("design"), Map.of())),
            VIEW,
            Requests.POLICY);
    assertInstanceOf(Decision.QuotaCheckRequired.class, decision);
  }

  @Test
  void nothingKeepsASessionFromItsEnd() {
    JsonObject old = Requests.session("{user: alice@example.com, template: gone}");
    JsonObject now = old.deepCopy();
    now.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T00:00:00Z");
    old.getAsJsonObject("metadata").add("finalizers", new JsonArray());
    assertInstanceOf(
        Decision.Allow.class,
        SessionAdmission.validate(Requests.update(now, old), VIEW, Requests.POLICY));
  }

  @Test
  void whatIsUnwiseIsWarnedOf() {
    AdmissionContext view =
        new AdmissionContext(Requests.view("{image: x}").template(), name -> List.of(), true);
    Decision decision =
        SessionAdmission.validate(
            Requests.create(
                Requests.session(
                    "{user: alice@example.com, template: t, resources: {gpu: 2}, persistence:"
                        + " {reclaimPolicy: Retain}}"),
                Requests.ADMIN),
            view,
            Requests.POLICY);
    assertEquals(3, decision.warnings().size(), decision.toString());
  }

  @Test
  void unknownKindsAreAllowedWithAWarning() {
    AdmissionRequest request =
        new AdmissionRequest(
            "u",
            "CREATE",
            "apps",
            "Deployment",
            "",
            "n",
            "x",
            Requests.ADMIN,
            false,
            Optional.of(new JsonObject()),
            Optional.empty());
    assertEquals(1, SessionAdmission.validate(request, VIEW, Requests.POLICY).warnings().size());
    assertInstanceOf(Decision.Allow.class, SessionAdmission.mutate(request, VIEW));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                  | spec.image: is missing
          {image: 'docker.io/x'}                              | spec.image "docker.io/x": must come from one of ghcr.io/desks
          {image: 'ghcr.io/desksx/y'}                         | must come from one of ghcr.io/desks
          {image: 'ghcr.io/desks/y', resources: {maxGPU: -1}} | spec.resources.maxGPU -1: must be a whole number
          {image: 'ghcr.io/desks/y', env: [{name: '1a'}]}     | spec.env[0].name "1a": must be letters
          {image: 'ghcr.io/desks/y', env: [{name: DISPLAY}]}  | spec.env[0].name "DISPLAY": is the operator's own
          {image: 'ghcr.io/desks/y', env: [{value: x}]}       | spec.env[0].name: is missing
          {image: 'ghcr.io/desks/y', timeout: soon}           | spec.timeout "soon": must be a duration
          """)
  void badTemplatesAreRefused(String spec, String words) {
    String message = assertInstanceOf(Decision.Deny.class, template(spec)).message();
    assertTrue(message.contains(words), message);
  }

  @Test
  void aTemplateThatShadowsTheOperatorsEnvironmentIsWarnedOf() {
    Decision decision =
        template("{image: 'ghcr.io/desks/y', env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]}");
    assertInstanceOf(Decision.Allow.class, decision);
    assertEquals(1, decision.warnings().size());
  }

  private static Decision template(String spec) {
    JsonObject template = Manifests.parse("{metadata: {name: t}, spec: " + spec + "}").getFirst();
    return SessionAdmission.validate(
        new AdmissionRequest(
            "u",
            "CREATE",
            "vdi.kasm.io",
            "VDITemplate",
            "",
            "",
            "t",
            Requests.ADMIN,
            false,
            Optional.of(template),
            Optional.empty()),
        VIEW,
        new AdmissionPolicy(Requests.POLICY.identity(), List.of("ghcr.io/desks")));
  }

  private static AdmissionContext withoutMaxTimeout() {
    return Requests.view(
        "{image: x, resources: {maxGPU: 2, maxMemory: 16Gi}, allowedUsers: [alice@example.com]}");
  }

  private static Decision create(String spec) {
    return SessionAdmission.validate(
        Requests.create(Requests.session(spec), Requests.ADMIN),
        withoutMaxTimeout(),
        Requests.POLICY);
  }

  private static Decision update(String before, String now) {
    return SessionAdmission.validate(
        Requests.update(whole(now), whole(before)), withoutMaxTimeout(), Requests.POLICY);
  }

  private static JsonObject whole(String spec) {
    JsonObject session = Requests.session(spec);
    session.getAsJsonObject("spec").addProperty("user", "alice@example.com");
    session.getAsJsonObject("spec").addProperty("template", "t");
    return session;
  }

  private static ResourceAmounts asked(Decision decision) {
    return assertInstanceOf(Decision.QuotaCheckRequired.class, decision).asked().amount();
  }
}
