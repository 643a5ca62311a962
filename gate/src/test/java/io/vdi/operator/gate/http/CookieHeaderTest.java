package io.vdi.operator.gate.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CookieHeaderTest {
  @Test
  @DisplayName("a cookie that arrives twice is not read: one of them can be a sibling host's")
  void duplicates() {
    assertThat(get("__Host-vdi-desktop=a; __Host-vdi-desktop=b")).isEmpty();
    assertThat(
            CookieHeader.parse(List.of("__Host-vdi-desktop=a", "__Host-vdi-desktop=a"))
                .get("__Host-vdi-desktop"))
        .isEmpty();
    assertThat(get("x=1; __Host-vdi-desktop=a; y=2")).contains("a");
    assertThat(get("vdi-desktop=a; __host-vdi-desktop=b; __Host-vdi-desktop2=c")).isEmpty();
    assertThat(get("__Host-vdi-desktop=")).isEmpty();
  }

  @Test
  @DisplayName("the pod gets all cookies but the gate's, in whatever case they are written")
  void withoutOwn() {
    assertThat(
            CookieHeader.parse(
                    List.of("a=1; __Host-vdi-desktop=x;b=2", "__HOST-VDI-nonce=y; c=d=e; broken"))
                .withoutOwn())
        .contains("a=1; b=2; c=d=e");
    assertThat(CookieHeader.parse(List.of("__Host-vdi-desktop=x")).withoutOwn()).isEmpty();
    assertThat(CookieHeader.parse(List.of(";;;=x;")).withoutOwn()).isEmpty();
  }

  @Test
  @DisplayName("its text has no values")
  void text() {
    assertThat(CookieHeader.parse(List.of("a=secret"))).hasToString("[a]");
  }

  @Test
  @DisplayName("with too many cookies none is read")
  void many() {
    String header = "__Host-vdi-desktop=a" + "; x=y".repeat(300);
    assertThat(get(header)).isEmpty();
  }

  private static Optional<String> get(String header) {
    return CookieHeader.parse(List.of(header)).get("__Host-vdi-desktop");
  }
}
