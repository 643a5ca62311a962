package io.vdi.operator.common.model;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The fields of Kubernetes' ObjectMeta that this project reads. Absent strings and collections are
 * empty. When an object is decoded, labels and annotations have only the keys of {@link
 * MetadataKeys}.
 *
 * @param creationTimestamp {@link Instant#EPOCH} when absent
 * @param deletionTimestamp null unless the object is being deleted; see {@link #isDeleting()}
 * @param deletionGracePeriodSeconds how long before {@code deletionTimestamp} the deletion was
 *     requested; above 0 only for pods
 */
public record ObjectMeta(
    String name,
    String namespace,
    String uid,
    String resourceVersion,
    long generation,
    Instant creationTimestamp,
    Instant deletionTimestamp,
    Map<String, String> labels,
    Map<String, String> annotations,
    List<String> finalizers,
    List<OwnerReference> ownerReferences,
    long deletionGracePeriodSeconds) {

  /** The values that objects share are shorter, such as e-mails, UIDs and hashes. */
  private static final int MAX_INTERNED = 256;

  public static final ObjectMeta EMPTY =
      new ObjectMeta(null, null, null, null, 0, null, null, null, null, null, null, 0);

  public ObjectMeta {
    name = name == null ? "" : name;
    namespace = namespace == null ? "" : namespace.intern();
    uid = uid == null ? "" : uid;
    resourceVersion = resourceVersion == null ? "" : resourceVersion;
    creationTimestamp = creationTimestamp == null ? Instant.EPOCH : creationTimestamp;
    labels = compact(labels);
    annotations = compact(annotations);
    finalizers = compact(finalizers);
    ownerReferences = compact(ownerReferences);
  }

  private static <T> List<T> compact(List<T> list) {
    return list == null ? List.of() : list.stream().filter(Objects::nonNull).toList();
  }

  /**
   * An equal map that uses a third of the memory. Caches hold tens of thousands of maps with the
   * same few keys, and the objects of a session have the same values.
   */
  private static Map<String, String> compact(Map<String, String> map) {
    if (map == null || map.isEmpty()) {
      return Map.of();
    }
    Map<String, String> shared = new HashMap<>();
    map.forEach((key, value) -> {
      if (value != null) {
        shared.put(key.intern(), value.length() <= MAX_INTERNED ? value.intern() : value);
      }
    });
    return Map.copyOf(shared);
  }

  public boolean isDeleting() {
    return deletionTimestamp != null;
  }

  /**
   * When the deletion was requested, by the clock of the API server; empty unless the object is
   * being deleted. A shorter grace period that is requested later does not change it.
   */
  public Optional<Instant> deletionRequestedAt() {
    return Optional.ofNullable(deletionTimestamp)
        .map(time -> time.minusSeconds(deletionGracePeriodSeconds));
  }

  /** The owner reference with {@code controller: true}. */
  public Optional<OwnerReference> controller() {
    return ownerReferences.stream().filter(OwnerReference::controller).findFirst();
  }

  /**
   * Whether the controller reference has this UID. A name does not identify an object: another one
   * may have it after a deletion.
   */
  public boolean isControlledBy(String ownerUid) {
    return controller().filter(owner -> owner.uid().equals(ownerUid)).isPresent();
  }

  public Optional<String> label(String key) {
    return Optional.ofNullable(labels.get(key));
  }

  public Optional<String> annotation(String key) {
    return Optional.ofNullable(annotations.get(key));
  }

  /**
   * A time in an annotation; empty if there is none, or if the value is not a time. Anybody with
   * the permission can write annotations. A year has four digits (RFC 3339), so that one can add to
   * the time.
   */
  public Optional<Instant> time(String key) {
    return annotation(key)
        .filter(text -> text.indexOf('-') == 4)
        .flatMap(text -> {
          try {
            return Optional.of(Instant.parse(text));
          } catch (DateTimeParseException e) {
            return Optional.empty();
          }
        });
  }

  /**
   * Whether the resource version is the same as that of {@code other} or later. Resource versions
   * of one kind are comparable as integers. The result is true if one is not a number; a cache then
   * prefers what the watch reported.
   */
  public boolean isAtLeast(ObjectMeta other) {
    try {
      return Long.compareUnsigned(
              Long.parseUnsignedLong(resourceVersion),
              Long.parseUnsignedLong(other.resourceVersion))
          >= 0;
    } catch (NumberFormatException e) {
      return true;
    }
  }
}
