package io.vdi.operator.common.quota;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.kube.KubeGson;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.common.model.VdiTemplate;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** QuotaLimitsTest has the GPUs of sessions. */
class QuotaRequestTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                            | {}                                      | 10737418240
          {persistence: {size: 20Gi}}                   | {}                                      | 21474836480
          {}                                            | {persistence: {size: 1Gi}}              | 1073741824
          {persistence: {size: 20Gi}}                   | {persistence: {size: 1Gi}}              | 21474836480
          {persistence: {size: 20Gi}}                   | {persistence: {maxSize: 5Gi}}           | 5368709120
          {}                                            | {persistence: {size: 9Gi, maxSize: 1G}} | 1000000000
          {persistence: {size: 1.5}}                    | {}                                      | 2
          {persistence: {size: 9999999Ei}}              | {}                                      | 9223372036854775806
          {persistence: {size: 9999999Ei}}              | {persistence: {maxSize: many}}          | 9223372036854775806
          {persistence: {size: -5Gi}}                   | {persistence: {size: 1Gi}}              | 10737418240
          {persistence: {size: ''}}                     | {persistence: {size: many}}             | 10737418240
          {persistence: {enabled: false, size: 20Gi}}   | {persistence: {size: 1Gi}}              | 0
          {persistence: {size: 1Gi}, suspended: true}   | {}                                      | 1073741824
          """)
  void theStorageOfASessionIsTheSizeThatItsHomeGets(String spec, String template, long bytes) {
    VdiSession session = session(spec);
    assertThat(QuotaRequest.of(session, template(template)).amount())
        .extracting(ResourceAmounts::sessions, ResourceAmounts::storage)
        .containsExactly(1L, bytes);
  }

  @Test
  void oneUserHasOneLimitInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.of("tr", "TR"));
      QuotaRequest request =
          new QuotaRequest("ALICE.\u00C9I@Example.COM", "Team", "Ubuntu", ResourceAmounts.ZERO);
      assertThat(request.user()).isEqualTo("alice.\u00E9i@example.com");
      assertThat(request.namespace()).as("the API compares names exactly").isEqualTo("Team");
      assertThat(request.template()).isEqualTo("Ubuntu");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void theSameSessionWithOtherAmountsHasTheSameHome() {
    QuotaRequest session = QuotaRequest.of(session("{persistence: {size: 1Gi}}"), Optional.empty());
    QuotaUsage usage = new QuotaUsage();
    usage.add(session);
    QuotaRequest grown = session.with(new ResourceAmounts(0, 0, 3L << 30));
    assertThat(usage.addedStorage(QuotaScope.USER, grown)).isEqualTo(2L << 30);
  }

  private static Optional<VdiTemplate> template(String spec) {
    return Optional.of(KubeGson.gson().fromJson("{spec: %s}".formatted(spec), VdiTemplate.class));
  }

  private static VdiSession session(String spec) {
    String user =
        "{user: 'Alice@Example.com', template: ubuntu"
            + (spec.equals("{}") ? "}" : ", " + spec.substring(1));
    return KubeGson.gson()
        .fromJson(
            "{metadata: {name: desk, namespace: team}, spec: %s}".formatted(user),
            VdiSession.class);
  }
}
