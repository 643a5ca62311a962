package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** An object as it should be. Two are the same when they are of the same kind, name and hash. */
public final class DesiredObject {
  private record Contents(JsonObject body, JsonObject patch) {}

  private final ResourceType<?> kind;
  private final String name;
  private final String hash;
  private final Supplier<Contents> contents;

  private DesiredObject(
      ResourceType<?> kind, String name, String hash, Supplier<Contents> contents) {
    this.kind = kind;
    this.name = name;
    this.hash = hash;
    this.contents = contents;
  }

  /** Takes the hash and puts it on both as an annotation. */
  static DesiredObject of(ResourceType<?> kind, String name, JsonObject body, JsonObject patch) {
    DesiredObject desired = unchangeable(kind, name, body, patch);
    annotate(patch, desired.hash);
    return desired;
  }

  /** The same for what takes no change: the hash stays that of what it was made as. */
  static DesiredObject unchangeable(
      ResourceType<?> kind, String name, JsonObject body, JsonObject patch) {
    String hash = hashOf(body);
    JsonObject withoutNulls = withoutNulls(body);
    annotate(withoutNulls, hash);
    Contents contents = new Contents(withoutNulls, patch);
    return new DesiredObject(kind, name, hash, () -> contents);
  }

  /** One whose hash is known already; its contents are built when they are asked for. */
  public static DesiredObject remembered(
      ResourceType<?> kind, String name, String hash, Supplier<DesiredObject> build) {
    return new DesiredObject(kind, name, hash, () -> build.get().contents.get());
  }

  public ResourceType<?> kind() {
    return kind;
  }

  public String name() {
    return name;
  }

  /** The same hash on the existing object means nothing to do. */
  public String hash() {
    return hash;
  }

  /** For its creation. */
  public JsonObject body() {
    return contents.get().body();
  }

  /**
   * Brings an existing one there: a JSON merge patch of what may change in its life, with null for
   * what must not be there. (Server-side apply would leave behind what the creation set, for
   * creation and apply are two owners of fields to the API server.)
   */
  public JsonObject patch() {
    return contents.get().patch();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DesiredObject that
        && kind.equals(that.kind)
        && name.equals(that.name)
        && hash.equals(that.hash);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, name, hash);
  }

  @Override
  public String toString() {
    return kind.kind() + " " + name;
  }

  private static String hashOf(JsonObject body) {
    return Hashes.sha256(inOrder(body).toString(), 16);
  }

  /** Java's Map.of has another order in every JVM; a hash must outlive the one that took it. */
  private static JsonElement inOrder(JsonElement element) {
    return switch (element) {
      case JsonObject object -> {
        JsonObject sorted = new JsonObject();
        object.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .forEach(entry -> sorted.add(entry.getKey(), inOrder(entry.getValue())));
        yield sorted;
      }
      case JsonArray array -> {
        JsonArray sameOrder = new JsonArray();
        array.forEach(each -> sameOrder.add(inOrder(each)));
        yield sameOrder;
      }
      default -> element;
    };
  }

  /** Whether an existing object was last written as exactly this. */
  public boolean matches(ObjectMeta existing) {
    return existing.annotation(Annotations.DESIRED_HASH).filter(hash::equals).isPresent();
  }

  private static void annotate(JsonObject object, String hash) {
    object
        .getAsJsonObject("metadata")
        .getAsJsonObject("annotations")
        .addProperty(Annotations.DESIRED_HASH, hash);
  }

  private static JsonObject withoutNulls(JsonObject object) {
    JsonObject result = new JsonObject();
    for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
      JsonElement value = entry.getValue();
      if (value instanceof JsonObject nested) {
        result.add(entry.getKey(), withoutNulls(nested));
      } else if (!(value instanceof JsonNull)) {
        result.add(entry.getKey(), value.deepCopy());
      }
    }
    return result;
  }
}
