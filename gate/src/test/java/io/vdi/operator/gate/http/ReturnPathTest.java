package io.vdi.operator.gate.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReturnPathTest {
  @ParameterizedTest
  @ValueSource(strings = {"/", "/a/b?c=d&e=//f", "/open?target=https%3A%2F%2Fx", "/a:b@c"})
  @DisplayName("a path of the same host can be returned to")
  void own(String path) {
    assertThat(ReturnPath.parse(path)).map(ReturnPath::value).contains(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "//evil.example",
        "/\\evil.example",
        "/a\\..",
        "https://evil.example",
        "javascript:alert(1)",
        " /",
        "/\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "/\u0000",
        "/ä"
      })
  @DisplayName("whatever a browser can read as another host, or as a header, is refused")
  void foreign(String path) {
    assertThat(ReturnPath.parse(path)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "portal.example.com",
        "http://portal.example.com",
        "https://portal.example.com/path",
        "https://user@portal.example.com",
        "https://portal.example.com?x",
        "https://Portal.example.com",
        "https:///",
        "ftp://x"
      })
  @DisplayName("the public URL is a bare https address")
  void publicUrl(String text) {
    assertThat(PublicUrl.parse(text)).isEmpty();
    assertThat(PublicUrl.parse("https://portal.example.com:8443/"))
        .map(PublicUrl::toString)
        .contains("https://portal.example.com:8443");
    assertThat(PublicUrl.parse("http://127.0.0.1:8080")).isPresent();
  }
}
