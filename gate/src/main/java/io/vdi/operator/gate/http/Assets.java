package io.vdi.operator.gate.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The style sheet, the script and the icons of the portal. The address of each contains a hash of
 * its content, so browsers keep it for a year, and a new version of the gate has new addresses.
 */
public final class Assets {
  /** The beginning of the addresses. */
  public static final String PATH = "/assets/";

  public static final String STYLE = "portal.css";
  public static final String SCRIPT = "portal.js";
  public static final String FAVICON = "favicon.svg";

  /** The assets of this version. */
  public static final Assets CURRENT =
      new Assets(
          STYLE,
          SCRIPT,
          FAVICON,
          "icon-code.svg",
          "icon-design.svg",
          "icon-desktop.svg",
          "icon-gpu.svg",
          "icon-science.svg",
          "icon-terminal.svg");

  private static final int HASH_BYTES = 8;

  private final Map<String, Asset> byName;

  /** A file, with the address that contains its hash. */
  private record Asset(String name, String address, String content) {}

  /**
   * The answer to a request.
   *
   * @param isCurrent whether the address has the hash of this content, so that it never changes
   */
  public record Found(String contentType, String content, boolean isCurrent) {}

  private Assets(String... names) {
    this.byName =
        Arrays.stream(names)
            .map(Assets::read)
            .collect(Collectors.toUnmodifiableMap(Asset::name, Function.identity()));
  }

  private static Asset read(String name) {
    try (InputStream in = Assets.class.getResourceAsStream("/portal/" + name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not in the jar");
      }
      byte[] content = in.readAllBytes();
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
      int dot = name.lastIndexOf('.');
      String address =
          PATH
              + name.substring(0, dot)
              + "."
              + HexFormat.of().formatHex(hash, 0, HASH_BYTES)
              + name.substring(dot);
      return new Asset(name, address, new String(content, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether there is an asset of this name, such as {@code icon-gpu.svg}. */
  public boolean contains(String name) {
    return byName.containsKey(name);
  }

  /**
   * The address of an asset.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public String address(String name) {
    Asset asset = byName.get(name);
    if (asset == null) {
      throw new IllegalArgumentException("no asset " + name);
    }
    return asset.address();
  }

  /**
   * The asset at an address. During an update a page of one replica can ask another version for its
   * assets. That one answers with its own content, which browsers then do not keep.
   */
  public Optional<Found> find(String address) {
    int hash = address.indexOf('.');
    int end = address.lastIndexOf('.');
    if (!address.startsWith(PATH) || hash < 0 || end <= hash) {
      return Optional.empty();
    }
    String name = address.substring(PATH.length(), hash) + address.substring(end);
    return Optional.ofNullable(byName.get(name))
        .map(asset -> new Found(type(name), asset.content(), asset.address().equals(address)));
  }

  private static String type(String name) {
    return switch (name.substring(name.lastIndexOf('.'))) {
      case ".css" -> "text/css; charset=utf-8";
      case ".js" -> "text/javascript; charset=utf-8";
      default -> "image/svg+xml";
    };
  }
}
