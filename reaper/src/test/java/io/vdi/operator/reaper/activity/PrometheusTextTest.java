package io.vdi.operator.reaper.activity;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.reaper.activity.PrometheusText.Sample;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class PrometheusTextTest {
  @Example
  void aCounterOfTheKubeletHasATimestamp() {
    assertThat(
            PrometheusText.sample(
                "pod_cpu_usage_seconds_total{namespace=\"default\",pod=\"desk\"} 4.5e+02 1595000000123",
                KubeletClient.METRIC))
        .contains(
            new Sample(
                Map.of("namespace", "default", "pod", "desk"),
                450,
                Optional.of(Instant.ofEpochMilli(1595000000123L))));
  }

  @Example
  void aGaugeOfTheExporterHasNone() {
    assertThat(
            PrometheusText.sample(
                "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",modelName=\"NVIDIA A10\",container=\"selkies\","
                    + "namespace=\"default\",pod=\"desk\",err_msg=\"a \\\"b\\\" \\\\ c, d}\\n\",} 37",
                GpuExporterClient.METRIC))
        .hasValueSatisfying(sample -> {
          assertThat(sample.value()).isEqualTo(37);
          assertThat(sample.timestamp()).isEmpty();
          assertThat(sample.label("pod")).isEqualTo("desk");
          assertThat(sample.label("err_msg")).isEqualTo("a \"b\" \\ c, d}\n");
          assertThat(sample.label("absent")).isEmpty();
        });
  }

  @Example
  void spacesAreAllowedAroundLabels() {
    assertThat(PrometheusText.sample("m { a = \"1\" , b=\"2\" }  3  4000", "m"))
        .contains(new Sample(Map.of("a", "1", "b", "2"), 3, Optional.of(Instant.ofEpochSecond(4))));
    assertThat(PrometheusText.sample("m 3", "m"))
        .contains(new Sample(Map.of(), 3, Optional.empty()));
  }

  @Example
  void otherMetricsCommentsAndValuesThatAreNoUsageAreIgnored() {
    for (String line :
        new String[] {
          "",
          "m",
          "# TYPE m counter",
          "m_total 3",
          "n 3",
          "m{a=\"1\"} NaN",
          "m +Inf",
          "m -1",
          "m three",
          "m 3 soon",
          "m 3 4 5",
          "m{a=\"1\" b=\"2\"} 3",
          "m{a=\"1} 3",
          "m{a=1} 3",
          "m{a=\"1\""
        }) {
      assertThat(PrometheusText.sample(line, "m")).as(line).isEmpty();
    }
  }

  /** The line comes from another process: nothing in it may throw. */
  @Property
  void anyTextIsReadWithoutAnException(@ForAll String text) {
    assertThat(PrometheusText.sample(text, "m")).isEmpty();
    assertThat(PrometheusText.sample("m{" + text, "m").map(Sample::value).orElse(0.0))
        .isNotNegative();
    assertThat(PrometheusText.sample("m " + text, "m").map(Sample::value).orElse(0.0))
        .isNotNegative();
  }

  @Property
  void everyLabelValueIsReadAsItWasWritten(@ForAll String value) {
    String escaped = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    assertThat(PrometheusText.sample("m{a=\"" + escaped + "\"} 1", "m"))
        .contains(new Sample(Map.of("a", value), 1, Optional.empty()));
  }
}
