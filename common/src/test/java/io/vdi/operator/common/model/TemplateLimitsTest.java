package io.vdi.operator.common.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateLimitsTest {
  private static final String LIMITS =
      "{maxTimeout: 4h, timeout: 2h, maxIdleTimeout: 2h, resources: {maxGPU: 2, maxMemory: 16Gi,"
          + " maxCPU: 8}, persistence: {maxSize: 20Gi}}";
  private static final String ABOVE =
      "{resources: {gpu: 4, memory: 32Gi, cpu: 16}, persistence: {size: 30Gi}, timeout: 9h,"
          + " idleTimeout: 3h}";

  @Test
  void eachValueAboveItsMaximumIsNamed() {
    assertThat(
            ofNew(
                "{resources: {gpu: 3, memory: 17179869185, cpu: 8001m}, timeout: 4h1s,"
                    + " persistence: {size: 21474836481}, idleTimeout: 7201s}"))
        .containsExactly(
            "spec.resources.gpu 3: is more than template t allows, which is 2: ask for 2 or less",
            "spec.resources.memory 17179869185: is more than template t allows, which is 16Gi: ask"
                + " for 16Gi or less",
            "spec.resources.cpu 8001m: is more than template t allows, which is 8: ask for 8 or"
                + " less",
            "spec.persistence.size 21474836481: is more than template t allows, which is 20Gi: ask"
                + " for 20Gi or less",
            "spec.timeout 4h1s: is more than template t allows, which is 4h: ask for 4h or less",
            "spec.idleTimeout 7201s: is more than template t allows, which is 2h: ask for 2h or"
                + " less");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{resources: {gpu: 2, memory: 16Gi, cpu: 8}, timeout: 4h, idleTimeout: 2h,"
            + " persistence: {size: 20Gi}}",
        "{resources: {gpu: 2, memory: 16384Mi, cpu: 8000m}, timeout: 240m, idleTimeout: 7200s,"
            + " persistence: {size: 0.01953125Ti}}"
      })
  void theMaximumItselfIsAllowedInEverySpelling(String session) {
    assertThat(ofNew(session)).isEmpty();
  }

  @Test
  void aTemplateWithoutMaximumsAllowsEverything() {
    assertThat(violations("{}", ABOVE, Optional.empty(), Optional.empty())).isEmpty();
  }

  @Test
  void aMaximumOfNoGpuIsAMaximum() {
    String cpuOnly = "{resources: {maxGPU: 0, defaultGPU: %d}}";
    assertThat(violations(cpuOnly.formatted(0), "{}", Optional.empty(), Optional.empty()))
        .isEmpty();
    assertThat(violations(cpuOnly.formatted(1), "{}", Optional.empty(), Optional.empty()))
        .containsExactly(
            "spec.resources.gpu 1: is more than template t allows, which is 0: ask for 0 or less");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ABOVE,
        "{resources: {gpu: 4, memory: 32768Mi, cpu: 16000m}, persistence: {size: 30720Mi}, timeout:"
            + " 540m, idleTimeout: 180m}",
        "{resources: {gpu: 3, memory: 31Gi, cpu: 15}, persistence: {size: 29Gi}, timeout: 8h,"
            + " idleTimeout: 179m}",
        "{}"
      })
  void whatDoesNotGrowStaysAllowedAboveALoweredMaximum(String now) {
    assertThat(ofUpdate(ABOVE, now)).isEmpty();
  }

  @Test
  void whatGrowsAboveAMaximumIsNamed() {
    assertThat(
            ofUpdate(
                ABOVE,
                "{resources: {gpu: 5, memory: 33Gi, cpu: 16001m}, persistence: {size: 31Gi},"
                    + " timeout: 9h1s, idleTimeout: 3h1s}"))
        .extracting(violation -> violation.substring(0, violation.indexOf(':')))
        .containsExactly(
            "spec.resources.gpu 5",
            "spec.resources.memory 33Gi",
            "spec.resources.cpu 16001m",
            "spec.persistence.size 31Gi",
            "spec.timeout 9h1s",
            "spec.idleTimeout 3h1s");
  }

  /** A session that leaves the idle timeout out has at most the maximum. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                | {idleTimeout: 0s} | spec.idleTimeout 0s: means never
          {}                | {idleTimeout: 3h} | spec.idleTimeout 3h: is more than
          {idleTimeout: 9h} | {idleTimeout: 0s} | spec.idleTimeout 0s: means never
          {idleTimeout: 0s} | {idleTimeout: 9h} |
          {idleTimeout: 0s} | {idleTimeout: 0s} |
          {idleTimeout: 9h} | {}                |
          {}                | {idleTimeout: 1h} |
          """)
  void neverIsLongerThanEveryIdleTimeout(String before, String now, String violation) {
    assertThat(ofUpdate(before, now))
        .as("from %s to %s", before, now)
        .hasSize(violation == null ? 0 : 1)
        .allMatch(text -> text.startsWith(violation));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          30Gi | 30Gi | ''   |
          25Gi | 30Gi | 10Gi |
          31Gi | 30Gi | 10Gi | spec.persistence.size 31Gi: is more than template t allows, which is 20Gi, and more than the 30Gi that the home has: ask for 30Gi or less to resume
          25Gi | ''   | ''   | spec.persistence.size 25Gi: is more than template t allows, which is 20Gi: ask for 20Gi or less to resume
          """)
  void aResumeMayKeepWhatTheClaimRequestsOrHas(
      String size, String requested, String capacity, String violation) {
    String spec = "{persistence: {size: " + size + "}, suspended: %s}";
    assertThat(
            violations(
                LIMITS,
                spec.formatted("false"),
                Optional.of(spec.formatted("true")),
                claim(requested, capacity)))
        .isEqualTo(Optional.ofNullable(violation).stream().toList());
  }

  @Test
  void theClaimAllowsNoGrowthOfASessionThatRuns() {
    assertThat(
            violations(
                LIMITS,
                "{persistence: {size: 25Gi}}",
                Optional.of("{persistence: {size: 20Gi}}"),
                claim("30Gi", "30Gi")))
        .containsExactly(
            "spec.persistence.size 25Gi: is more than template t allows, which is 20Gi: ask for"
                + " 20Gi or less");
  }

  @ParameterizedTest
  @CsvSource({
    "kim@example.com, '', true",
    "KIM@Example.com, '', true",
    "kim@example.com.evil.org, '', false",
    "bob@example.com, ops, true",
    "bob@example.com, OPS, false",
    "bob@example.com, '', false",
    "'', '', false"
  })
  void aTemplateIsForItsUsersAndForMembersOfItsGroups(String user, String group, boolean allowed) {
    assertThat(allows("{allowedUsers: [Kim@example.com], allowedGroups: [ops]}", user, group))
        .isEqualTo(allowed);
  }

  @Test
  void withoutNamesATemplateIsForEverybody() {
    assertThat(allows("{}", "bob@example.com", "")).isTrue();
    assertThat(allows("{allowedUsers: [kim@example.com]}", "bob@example.com", "ops")).isFalse();
    assertThat(allows("{allowedGroups: [ops]}", "kim@example.com", "dev")).isFalse();
  }

  /** An identity provider can give these addresses to other people. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u212Aim.si@example.com",
        "k\u0131m.si@example.com",
        "k\u0130m.si@example.com",
        "kim.\u017Fi@example.com"
      })
  void anAddressThatOnlyLooksAlikeIsNotAllowed(String user) {
    assertThat(allows("{allowedUsers: [kim.si@example.com]}", user, "")).as(user).isFalse();
  }

  private static List<String> ofNew(String session) {
    return violations(LIMITS, session, Optional.empty(), Optional.empty());
  }

  private static List<String> ofUpdate(String before, String now) {
    return violations(LIMITS, now, Optional.of(before), Optional.empty());
  }

  private static List<String> violations(
      String template,
      String session,
      Optional<String> before,
      Optional<PersistentVolumeClaim> home) {
    return TemplateLimits.violations(
        "t", template(template), session(session), before.map(TemplateLimitsTest::session), home);
  }

  private static boolean allows(String template, String user, String group) {
    return TemplateLimits.allows(
        template(template), user, group.isEmpty() ? List.of() : List.of("staff", group));
  }

  private static VdiTemplate.Spec template(String spec) {
    return KubeGson.gson().fromJson(spec, VdiTemplate.Spec.class);
  }

  private static VdiSession.Spec session(String spec) {
    return KubeGson.gson().fromJson(spec, VdiSession.Spec.class);
  }

  private static Optional<PersistentVolumeClaim> claim(String requested, String capacity) {
    return Optional.of(
        KubeGson.gson()
            .fromJson(
                "{spec: {resources: {requests: {storage: '%s'}}}, status: {capacity: {storage: '%s'}}}"
                    .formatted(requested, capacity),
                PersistentVolumeClaim.class));
  }
}
