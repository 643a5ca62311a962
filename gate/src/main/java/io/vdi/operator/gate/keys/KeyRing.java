package io.vdi.operator.gate.keys;

import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The generations of keys that are valid, oldest first; never empty. A new generation is published
 * one token lifetime before it signs, so that every replica and every reader of the public keys
 * knows it by then. An old one stays for one token lifetime after it has signed last.
 */
public record KeyRing(List<KeyGeneration> generations) {
  /**
   * When keys change.
   *
   * @param rotation how long one generation signs
   * @param maxTokenLifetime of all tokens
   */
  public record Settings(Duration rotation, Duration maxTokenLifetime) {}

  /** Creates a generation from the time of its publication and of its first use. */
  @FunctionalInterface
  public interface Generator {
    KeyGeneration generate(Instant publishedAt, Instant usedFrom);
  }

  public KeyRing {
    if (generations.isEmpty()) {
      throw new IllegalArgumentException("a key ring has at least one key");
    }
    generations =
        generations.stream().sorted(Comparator.comparing(KeyGeneration::usedFrom)).toList();
  }

  /** The first ring: nobody knows any key yet, so its key signs immediately. */
  public static KeyRing first(Generator generator, Instant now) {
    return new KeyRing(List.of(generator.generate(now, now)));
  }

  /** The ring as it has to be now; equal to this one when nothing is due. */
  public KeyRing due(Settings settings, Generator generator, Instant now) {
    List<KeyGeneration> due = new ArrayList<>();
    for (int i = 0; i < generations.size(); i++) {
      boolean replaced =
          i + 1 < generations.size()
              && !generations.get(i + 1).usedFrom().plus(settings.maxTokenLifetime()).isAfter(now);
      if (!replaced) {
        due.add(generations.get(i));
      }
    }
    Instant next = generations.getLast().usedFrom().plus(settings.rotation());
    if (!now.plus(settings.maxTokenLifetime()).isBefore(next)) {
      due.add(generator.generate(now, now.plus(settings.maxTokenLifetime())));
    }
    return new KeyRing(due);
  }

  /** The generation that signs now. */
  public KeyGeneration current(Instant now) {
    return generations.reversed().stream()
        .filter(generation -> !generation.usedFrom().isAfter(now))
        .findFirst()
        .orElse(generations.getFirst());
  }

  Optional<KeyGeneration> find(String id) {
    return generations.stream().filter(generation -> generation.id().equals(id)).findFirst();
  }

  /** The public keys, for {@code /.well-known/jwks.json}. */
  public JWKSet publicKeys() {
    return new JWKSet(
        generations.stream().map(generation -> (JWK) generation.signing().toPublicJWK()).toList());
  }
}
