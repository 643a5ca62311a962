package io.vdi.operator.common.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.model.ObjectMeta;
import java.util.List;
import java.util.Map;

/**
 * Builds a JSON merge patch (RFC 7396) for {@link KubeClient#mergePatch} and {@link
 * KubeClient#mergePatchStatus}. Fields that the patch does not name stay as they are.
 *
 * <p>A path names a field with dots, such as {@code status.lastActivityTime}. Keys that contain
 * dots themselves need a method of their own, such as {@link #annotation}.
 */
public final class MergePatch {
  private final JsonObject patch = new JsonObject();

  private MergePatch() {}

  /** A patch without a precondition: it applies to whatever object has the name. */
  public static MergePatch unconditional() {
    return new MergePatch();
  }

  /**
   * A patch for this object only, at any version. When another object has the name by now, the API
   * server answers with a conflict.
   */
  public static MergePatch forObject(ObjectMeta object) {
    return new MergePatch().set("metadata.uid", object.uid());
  }

  /**
   * A patch for exactly this version of this object. When it has changed, the API server answers
   * with a conflict. Required for lists, which a merge patch can only replace as a whole.
   */
  public static MergePatch forVersion(ObjectMeta object) {
    return forObject(object).set("metadata.resourceVersion", object.resourceVersion());
  }

  public MergePatch set(String path, String value) {
    return set(path, new JsonPrimitive(value));
  }

  public MergePatch set(String path, long value) {
    return set(path, new JsonPrimitive(value));
  }

  public MergePatch set(String path, boolean value) {
    return set(path, new JsonPrimitive(value));
  }

  /** Sets a field; an object or a list in its place is replaced, not merged. */
  public MergePatch set(String path, JsonElement value) {
    int last = path.lastIndexOf('.');
    object(last < 0 ? "" : path.substring(0, last)).add(path.substring(last + 1), value.deepCopy());
    return this;
  }

  /** Removes a field from the object. */
  public MergePatch remove(String path) {
    return set(path, JsonNull.INSTANCE);
  }

  public MergePatch annotation(String key, String value) {
    object("metadata.annotations").addProperty(key, value);
    return this;
  }

  public MergePatch removeAnnotation(String key) {
    object("metadata.annotations").add(key, JsonNull.INSTANCE);
    return this;
  }

  /** Replaces all finalizers; use {@link #forVersion}, so that none is lost. */
  public MergePatch finalizers(List<String> finalizers) {
    JsonArray list = new JsonArray();
    finalizers.forEach(list::add);
    return set("metadata.finalizers", list);
  }

  /** Adds the fields of another patch. A field that both name gets the value of the other one. */
  public MergePatch merge(JsonObject other) {
    merge(patch, other);
    return this;
  }

  private static void merge(JsonObject into, JsonObject other) {
    for (Map.Entry<String, JsonElement> field : other.entrySet()) {
      if (field.getValue() instanceof JsonObject inner
          && into.get(field.getKey()) instanceof JsonObject existing) {
        merge(existing, inner);
      } else {
        into.add(field.getKey(), field.getValue().deepCopy());
      }
    }
  }

  public JsonObject toJson() {
    return patch.deepCopy();
  }

  /** The object at this path; created when it does not exist. */
  private JsonObject object(String path) {
    JsonObject here = patch;
    for (String field : path.isEmpty() ? new String[0] : path.split("\\.", -1)) {
      if (!(here.get(field) instanceof JsonObject)) {
        here.add(field, new JsonObject());
      }
      here = here.getAsJsonObject(field);
    }
    return here;
  }

  @Override
  public String toString() {
    return patch.toString();
  }
}
