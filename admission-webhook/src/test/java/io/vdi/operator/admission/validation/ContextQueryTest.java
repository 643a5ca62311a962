package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContextQueryTest {
  private static final JsonObject OLD = Requests.session("{template: old}");
  private static final JsonObject NEW = Requests.session("{template: new}");

  @Test
  void aNewSessionRequiresItsTemplate() {
    AdmissionRequest request = Requests.create(NEW, Requests.ADMIN);
    assertThat(ContextQuery.forMutation(request)).isEqualTo(new ContextQuery.Template("new"));
    assertThat(ContextQuery.forValidation(request)).isEqualTo(new ContextQuery.Template("new"));
  }

  @Test
  void aChangedSessionRequiresTheTemplateThatItHad() {
    AdmissionRequest request = Requests.update(NEW, OLD);
    assertThat(ContextQuery.forMutation(request)).isEqualTo(new ContextQuery.Template("old"));
    assertThat(ContextQuery.forValidation(request)).isEqualTo(new ContextQuery.Template("old"));
  }

  @Test
  void aSessionThatIsBeingDeletedRequiresNothing() {
    JsonObject deleting = OLD.deepCopy();
    deleting.getAsJsonObject("metadata").addProperty("deletionTimestamp", "2026-01-01T00:00:00Z");
    assertThat(ContextQuery.forValidation(Requests.update(OLD, deleting)))
        .isEqualTo(new ContextQuery.None());
    assertThat(ContextQuery.forValidation(Requests.update(NEW, deleting)))
        .as("a change of the spec")
        .isEqualTo(new ContextQuery.Template("old"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{}", "{template: 7}", "{template: ''}", "{template: ../x}", "{template: A}"})
  void anIllegalTemplateNameIsNotLookedUp(String spec) {
    assertThat(ContextQuery.forMutation(Requests.create(Requests.session(spec), Requests.ADMIN)))
        .isEqualTo(new ContextQuery.None());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {size: 2Gi} | {size: 1Gi}    | true
          {size: 2Gi} | {size: 2G}     | true
          {size: 2Gi} | {}             | true
          {}          | {size: 2Gi}    | true
          {size: 2Gi} | {size: x}      | true
          {size: 2Gi} | {size: 2048Mi} | false
          {size: 2Gi} | {size: 3Gi}    | false
          {}          | {}             | false
          """)
  void onlyTheValidationOfALowerSizeRequiresTheClaim(String before, String now, boolean claim) {
    AdmissionRequest request = Requests.update(home(now), home(before));
    ContextQuery.Template template = new ContextQuery.Template("t");
    assertThat(ContextQuery.forValidation(request))
        .isEqualTo(
            claim
                ? new ContextQuery.TemplateAndHome(template, "desks", "vdi-data-desk")
                : template);
    assertThat(ContextQuery.forMutation(request)).isEqualTo(template);
  }

  private static JsonObject home(String persistence) {
    return Requests.session("{template: t, persistence: " + persistence + "}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"DELETE", "CONNECT", ""})
  void otherOperationsOnSessionsRequireNothing(String operation) {
    AdmissionRequest request =
        Requests.request(operation, Requests.ADMIN, Optional.of(NEW), Optional.of(OLD));
    assertThat(ContextQuery.forValidation(request)).isEqualTo(new ContextQuery.None());
  }

  @Test
  void onlyTheValidationOfADeletedTemplateRequiresItsSessions() {
    AdmissionRequest request = Requests.template("DELETE", Optional.empty());
    assertThat(ContextQuery.forValidation(request)).isEqualTo(new ContextQuery.SessionsUsing("t"));
    assertThat(ContextQuery.forMutation(request)).isEqualTo(new ContextQuery.None());
    assertThat(ContextQuery.forValidation(Requests.template("CREATE", Optional.of(NEW))))
        .isEqualTo(new ContextQuery.None());
  }
}
