package io.vdi.operator.reaper.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import io.vdi.operator.common.model.ResourceType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManagedObjectsTest {
  @ParameterizedTest
  @EnumSource
  void anObjectWithAllMarksIsAChildOrTheHomeOfTheSession(ChildKind kind) {
    ObjectMeta object = SessionBuilder.object(kind, Optional.of("uid-1"), Map.of());
    for (ResourceType<?> type : kind.resourceTypes()) {
      for (ResourceType<?> sameType : List.of(type, type.metadataOnly())) {
        assertThat(ManagedObjects.identify(sameType, object)).contains(managed(kind, object));
      }
    }
  }

  @Test
  void theOwnerMakesNoDifference() {
    for (ChildKind kind : ChildKind.values()) {
      ObjectMeta object = SessionBuilder.object(kind, Optional.empty(), Map.of());
      assertThat(ManagedObjects.identify(kind.resourceTypes().getFirst(), object))
          .contains(managed(kind, object));
    }
  }

  /** A claim is a home whatever its owner is, so that it is never an orphan. */
  private static ManagedObject managed(ChildKind kind, ObjectMeta object) {
    return kind == ChildKind.HOME
        ? new ManagedObject.Home(object, "desk")
        : new ManagedObject.Child(kind, object, "desk");
  }

  @Test
  void anObjectOfATypeThatSessionsDoNotHaveIsNotManaged() {
    ObjectMeta object = SessionBuilder.object(ChildKind.POD, Optional.empty(), Map.of());
    assertThat(ManagedObjects.identify(ResourceType.CONFIG_MAP, object)).isEmpty();
  }

  @Test
  void theNameOfOneKindIsNotTheNameOfAnother() {
    ObjectMeta pod = SessionBuilder.object(ChildKind.POD, Optional.empty(), Map.of());
    assertThat(ManagedObjects.identify(ResourceType.SECRET, pod)).isEmpty();
    ObjectMeta secret = SessionBuilder.object(ChildKind.SECRET, Optional.empty(), Map.of());
    assertThat(ManagedObjects.identify(ResourceType.POD, secret)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/name",
        "app.kubernetes.io/instance",
        "vdi.kasm.io/user",
        "annotation",
        "no annotation",
        "name",
        "owner",
        "another owner",
        "owner of another group",
        "another session"
      })
  void anObjectWithOneMarkMissingIsNotManaged(String missing) {
    ObjectMeta object = SessionBuilder.object(ChildKind.POD, Optional.empty(), Map.of());
    Map<String, String> labels = new HashMap<>(object.labels());
    labels.computeIfPresent(missing, (key, value) -> value + "-x");
    Map<String, String> annotations =
        switch (missing) {
          case "annotation" -> Map.of(Annotations.USER, "eve@example.com");
          case "no annotation" -> Map.of();
          default -> object.annotations();
        };
    List<OwnerReference> owners =
        switch (missing) {
          case "owner" ->
              List.of(new OwnerReference("apps/v1", "ReplicaSet", "desk", "uid-rs", true));
          case "another owner" ->
              List.of(new OwnerReference("v1", "ConfigMap", "desk", "uid-cm", false));
          case "owner of another group" ->
              List.of(new OwnerReference("example.com/v1", "VDISession", "desk", "uid-1", true));
          case "another session" ->
              List.of(
                  new OwnerReference("vdi.kasm.io/v1alpha1", "VDISession", "other", "uid-2", true));
          default -> List.of();
        };
    ObjectMeta changed =
        new ObjectMeta(
            missing.equals("name") ? "desk-2" : "desk",
            "ns",
            "u",
            "1",
            1,
            SessionBuilder.NOON,
            null,
            labels,
            annotations,
            List.of(),
            owners,
            0);
    assertThat(ManagedObjects.identify(ResourceType.POD, changed)).isEmpty();
  }

  @Test
  void aHomeBelongsToTheUserInItsAnnotation() {
    ObjectMeta claim = SessionBuilder.object(ChildKind.HOME, Optional.empty(), Map.of());
    assertThat(ManagedObjects.isHomeOf(claim, new SessionBuilder().session())).isTrue();
    ObjectMeta eves =
        new ObjectMeta(
            claim.name(),
            "ns",
            "u",
            "1",
            1,
            SessionBuilder.NOON,
            null,
            claim.labels(),
            Map.of(Annotations.USER, "eve@example.com"),
            List.of(),
            List.of(),
            0);
    assertThat(ManagedObjects.isHomeOf(eves, new SessionBuilder().session())).isFalse();
  }
}
