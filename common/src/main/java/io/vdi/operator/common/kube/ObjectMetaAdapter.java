package io.vdi.operator.common.kube;

import com.google.gson.Gson;
import com.google.gson.TypeAdapter;
import com.google.gson.TypeAdapterFactory;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.vdi.operator.common.model.MetadataKeys;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.OwnerReference;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decodes metadata and skips what the operator does not read: labels and annotations with other
 * keys ({@link MetadataKeys}), and managedFields. The text that is skipped is never in memory as a
 * whole. Nothing is lost by this in the cluster: updates are merge patches, which name the fields
 * that they change. Only the Lease and the ConfigMap of quota reservations are replaced, and their
 * bodies are built without the metadata that was read.
 */
final class ObjectMetaAdapter extends TypeAdapter<ObjectMeta> {
  static final TypeAdapterFactory FACTORY =
      new TypeAdapterFactory() {
        @Override
        @SuppressWarnings("unchecked") // The raw type is checked.
        public <T> TypeAdapter<T> create(Gson gson, TypeToken<T> type) {
          return type.getRawType().equals(ObjectMeta.class)
              ? (TypeAdapter<T>)
                  new ObjectMetaAdapter(
                      gson, gson.getDelegateAdapter(this, TypeToken.get(ObjectMeta.class)))
              : null;
        }
      };

  private final TypeAdapter<ObjectMeta> all;
  private final TypeAdapter<String> text;
  private final TypeAdapter<Long> number;
  private final TypeAdapter<Instant> time;
  private final TypeAdapter<List<String>> texts;
  private final TypeAdapter<List<OwnerReference>> owners;

  private ObjectMetaAdapter(Gson gson, TypeAdapter<ObjectMeta> all) {
    this.all = all;
    this.text = gson.getAdapter(String.class);
    this.number = gson.getAdapter(Long.class);
    this.time = gson.getAdapter(Instant.class);
    this.texts = gson.getAdapter(new TypeToken<>() {});
    this.owners = gson.getAdapter(new TypeToken<>() {});
  }

  @Override
  public void write(JsonWriter out, ObjectMeta value) throws IOException {
    all.write(out, value);
  }

  @Override
  public ObjectMeta read(JsonReader in) throws IOException {
    if (in.peek() == JsonToken.NULL) {
      in.nextNull();
      return null;
    }
    String name = null;
    String namespace = null;
    String uid = null;
    String resourceVersion = null;
    Long generation = null;
    Instant creationTimestamp = null;
    Instant deletionTimestamp = null;
    Map<String, String> labels = null;
    Map<String, String> annotations = null;
    List<String> finalizers = null;
    List<OwnerReference> ownerReferences = null;
    Long deletionGracePeriodSeconds = null;
    in.beginObject();
    while (in.hasNext()) {
      switch (in.nextName()) {
        case "name" -> name = text.read(in);
        case "namespace" -> namespace = text.read(in);
        case "uid" -> uid = text.read(in);
        case "resourceVersion" -> resourceVersion = text.read(in);
        case "generation" -> generation = number.read(in);
        case "creationTimestamp" -> creationTimestamp = time.read(in);
        case "deletionTimestamp" -> deletionTimestamp = time.read(in);
        case "deletionGracePeriodSeconds" -> deletionGracePeriodSeconds = number.read(in);
        case "labels" -> labels = readKept(in);
        case "annotations" -> annotations = readKept(in);
        case "finalizers" -> finalizers = texts.read(in);
        case "ownerReferences" -> ownerReferences = owners.read(in);
        default -> in.skipValue();
      }
    }
    in.endObject();
    return new ObjectMeta(
        name,
        namespace,
        uid,
        resourceVersion,
        generation == null ? 0 : generation,
        creationTimestamp,
        deletionTimestamp,
        labels,
        annotations,
        finalizers,
        ownerReferences,
        deletionGracePeriodSeconds == null ? 0 : deletionGracePeriodSeconds);
  }

  private Map<String, String> readKept(JsonReader in) throws IOException {
    if (in.peek() == JsonToken.NULL) {
      in.nextNull();
      return Map.of();
    }
    Map<String, String> kept = new HashMap<>();
    in.beginObject();
    while (in.hasNext()) {
      String key = in.nextName();
      if (!MetadataKeys.isRead(key)) {
        in.skipValue();
        continue;
      }
      String value = text.read(in);
      if (value != null && value.length() <= MetadataKeys.MAX_VALUE) {
        kept.put(key, value);
      }
    }
    in.endObject();
    return kept;
  }
}
