package io.vdi.operator.admission.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.Caller;
import io.vdi.operator.common.model.Annotations;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which groups are recorded with a session; docs/specification.md, section 9. */
class RecordedGroupsTest {
  private static final Caller ALICE =
      new Caller(
          "oidc:alice@example.com", List.of("staff", "lab", "course-b", "course-a"), Map.of());
  private static final String RECORDED = "[\"course-a\",\"course-b\",\"lab\"]";

  private final Requests.Cluster cluster = Requests.cluster("{image: x}");

  @Test
  void onlyTheGroupsThatTheSettingNamesAreRecorded() {
    JsonObject mutated = mutated(Requests.session("{user: alice@example.com, template: t}"), ALICE);
    assertThat(groups(mutated)).contains(RECORDED);
    assertThat(cluster.validate(Requests.create(mutated, ALICE), Requests.POLICY))
        .isNotInstanceOf(Response.Deny.class);
  }

  @Test
  void aUserCannotChooseThem() {
    JsonObject forged = annotated("[\"rich\"]");
    assertThat(groups(mutated(forged, ALICE))).contains(RECORDED);
    assertThat(cluster.validate(Requests.create(forged, ALICE), Requests.POLICY))
        .isInstanceOfSatisfying(
            Response.Deny.class, deny -> assertThat(deny.message()).contains(Annotations.GROUPS));
  }

  @Test
  void aUserCannotChangeThem() {
    JsonObject old = annotated(RECORDED);
    JsonObject changed = annotated("[\"rich\"]");
    assertThat(
            cluster.validate(
                Requests.request("UPDATE", ALICE, Optional.of(changed), Optional.of(old)),
                Requests.POLICY))
        .isInstanceOfSatisfying(
            Response.Deny.class, deny -> assertThat(deny.message()).contains(Annotations.GROUPS));
    JsonObject manifest = Requests.session("{user: alice@example.com, template: t}");
    assertThat(
            groups(
                mutated(
                    manifest,
                    Requests.request("UPDATE", ALICE, Optional.of(manifest), Optional.of(old)))))
        .as("a manifest without the annotation keeps it")
        .contains(RECORDED);
  }

  /** Its groups are not those of the user; a restored session keeps what the backup has. */
  @Test
  void anAdminRecordsNoneOfItsOwnForAnotherUser() {
    Caller admin = new Caller("admin", List.of("system:masters", "lab"), Map.of());
    assertThat(groups(mutated(Requests.session("{user: alice@example.com, template: t}"), admin)))
        .isEmpty();
    assertThat(groups(mutated(annotated("[\"lab\"]"), admin))).contains("[\"lab\"]");
  }

  @Test
  void thereAreAtMost32AndTheyFitIntoTheAnnotation() {
    RecordedGroups all = new RecordedGroups(List.of("*"));
    List<String> many = IntStream.range(0, 100).mapToObj(i -> "g%03d".formatted(i)).toList();
    assertThat(all.of(many).orElseThrow().split(",")).hasSize(32);
    List<String> big = IntStream.range(0, 10).mapToObj(i -> i + "x".repeat(1000)).toList();
    assertThat(all.of(big).orElseThrow()).hasSizeLessThan(4096).startsWith("[\"0xx");
    assertThat(RecordedGroups.NONE.of(many)).isEmpty();
  }

  private static JsonObject annotated(String groups) {
    JsonObject session = Requests.session("{user: alice@example.com, template: t}");
    JsonObject annotations = new JsonObject();
    annotations.addProperty(Annotations.GROUPS, groups);
    session.getAsJsonObject("metadata").add("annotations", annotations);
    return session;
  }

  private JsonObject mutated(JsonObject session, Caller caller) {
    return mutated(session, Requests.create(session, caller));
  }

  private JsonObject mutated(JsonObject session, AdmissionRequest request) {
    JsonObject mutated = session.deepCopy();
    if (cluster.mutate(request) instanceof Response.Allow allow) {
      Patches.apply(mutated, allow.patch());
    }
    return mutated;
  }

  private static Optional<String> groups(JsonObject session) {
    return new RawObject(session).annotation(Annotations.GROUPS);
  }
}
