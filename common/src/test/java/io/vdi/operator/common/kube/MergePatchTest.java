package io.vdi.operator.common.kube;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.vdi.operator.common.model.ObjectMeta;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class MergePatchTest {
  private static final ObjectMeta OBJECT =
      new ObjectMeta("desk", "team", "uid-1", "42", 1, null, null, null, null, null, null, 0);

  @Test
  @DisplayName("without a precondition the patch has only the fields that were set")
  void unconditional() {
    assertThat(MergePatch.unconditional().toJson()).isEqualTo(json("{}"));
    assertThat(
            MergePatch.unconditional()
                .set("spec.suspended", true)
                .set("spec.timeout", "9h")
                .set("status.sessions", 3)
                .toJson())
        .isEqualTo(
            json("{'spec': {'suspended': true, 'timeout': '9h'}, 'status': {'sessions': 3}}"));
  }

  @Test
  @DisplayName("forObject requires the UID, forVersion also the resource version")
  void preconditions() {
    assertThat(MergePatch.forObject(OBJECT).toJson())
        .isEqualTo(json("{'metadata': {'uid': 'uid-1'}}"));
    assertThat(MergePatch.forVersion(OBJECT).toJson())
        .isEqualTo(json("{'metadata': {'uid': 'uid-1', 'resourceVersion': '42'}}"));
  }

  @Test
  @DisplayName("annotations keep the dots and slashes of their keys; a removed one is null")
  void annotations() {
    assertThat(
            MergePatch.forObject(OBJECT)
                .annotation("vdi.kasm.io/released-at", "2026-01-01T00:00:00Z")
                .removeAnnotation("vdi.kasm.io/keep")
                .toJson())
        .isEqualTo(
            json(
                """
                {'metadata': {'uid': 'uid-1', 'annotations': {
                  'vdi.kasm.io/released-at': '2026-01-01T00:00:00Z', 'vdi.kasm.io/keep': null}}}
                """));
  }

  @Test
  @DisplayName("a removed field is null, which RFC 7396 defines as removal")
  void remove() {
    assertThat(MergePatch.unconditional().remove("status.message").remove("data").toJson())
        .isEqualTo(json("{'status': {'message': null}, 'data': null}"));
  }

  @Test
  @DisplayName("finalizers are replaced as a whole list, also by an empty one")
  void finalizers() {
    assertThat(MergePatch.forVersion(OBJECT).finalizers(List.of("a/b", "c/d")).toJson())
        .isEqualTo(
            json(
                """
                {'metadata': {'uid': 'uid-1', 'resourceVersion': '42', 'finalizers': ['a/b', 'c/d']}}
                """));
    assertThat(MergePatch.unconditional().finalizers(List.of()).toJson())
        .isEqualTo(json("{'metadata': {'finalizers': []}}"));
  }

  @Test
  @DisplayName("merge adds the fields of another patch and leaves that patch alone")
  void merge() {
    JsonObject other =
        json("{'metadata': {'labels': {'a': 'b'}, 'uid': 'x'}, 'spec': {'port': 80}}");
    JsonObject before = other.deepCopy();
    MergePatch patch = MergePatch.unconditional().annotation("k", "v").merge(other);
    patch.set("metadata.uid", "uid-1").set("spec.port", 8080);
    assertThat(patch.toJson())
        .isEqualTo(
            json(
                """
                {'metadata': {'annotations': {'k': 'v'}, 'labels': {'a': 'b'}, 'uid': 'uid-1'},
                 'spec': {'port': 8080}}
                """));
    assertThat(other).isEqualTo(before);
  }

  @Test
  @DisplayName("neither a value given nor a result taken changes the patch later")
  void copies() {
    JsonArray list = new JsonArray();
    MergePatch patch = MergePatch.unconditional().set("status.conditions", list);
    list.add("later");
    patch.toJson().addProperty("later", true);
    assertThat(patch.toJson()).isEqualTo(json("{'status': {'conditions': []}}"));
    assertThat(patch).hasToString("{\"status\":{\"conditions\":[]}}");
  }

  @Test
  @DisplayName("a field may be set after its parent was a scalar")
  void replacesScalars() {
    assertThat(MergePatch.unconditional().set("spec", "text").set("spec.a.b", 1).toJson())
        .isEqualTo(json("{'spec': {'a': {'b': 1}}}"));
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }
}
