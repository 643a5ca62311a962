package io.vdi.operator.common.kube;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.TypeAdapter;
import com.google.gson.TypeAdapterFactory;
import com.google.gson.reflect.TypeToken;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.kubernetes.client.openapi.JSON;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Date;
import java.util.Map;

/**
 * The Gson of the Kubernetes client without two of its defects. The generated models refuse unknown
 * fields, so that one pod of a newer kubelet makes a whole list undecodable. And they write unset
 * lists and maps as {@code []} and {@code {}}, which clears fields that other clients own. Of the
 * metadata of objects, only what the operator reads is decoded ({@link ObjectMetaAdapter}).
 */
public final class KubeGson {
  private static final Gson GSON = create();

  private KubeGson() {}

  public static Gson gson() {
    return GSON;
  }

  /** Makes the Kubernetes client use this Gson. Call it before the first call to a cluster. */
  public static void install() {
    JSON.setGson(GSON);
  }

  private static Gson create() {
    GsonBuilder builder = JSON.createGson();
    builder
        .disableHtmlEscaping()
        .registerTypeAdapter(Date.class, new JSON.DateTypeAdapter())
        .registerTypeAdapter(java.sql.Date.class, new JSON.SqlDateTypeAdapter())
        .registerTypeAdapter(OffsetDateTime.class, new JSON.OffsetDateTimeTypeAdapter())
        .registerTypeAdapter(LocalDate.class, new JSON.LocalDateTypeAdapter())
        .registerTypeAdapter(byte[].class, new JSON.ByteArrayAdapter())
        .registerTypeAdapter(Instant.class, new InstantAdapter())
        .registerTypeAdapter(Quantity.class, new Quantity.QuantityAdapter())
        .registerTypeAdapter(IntOrString.class, new IntOrString.IntOrStringAdapter())
        .registerTypeAdapterFactory(new OmitEmpty())
        .registerTypeAdapterFactory(ObjectMetaAdapter.FACTORY);
    return builder.create();
  }

  /** Omits empty collections and maps when writing; empty objects such as emptyDir stay. */
  private static final class OmitEmpty implements TypeAdapterFactory {
    @Override
    public <T> TypeAdapter<T> create(Gson gson, TypeToken<T> type) {
      Class<? super T> raw = type.getRawType();
      if (!Collection.class.isAssignableFrom(raw) && !Map.class.isAssignableFrom(raw)) {
        return null;
      }
      TypeAdapter<T> delegate = gson.getDelegateAdapter(this, type);
      return new TypeAdapter<>() {
        @Override
        public void write(JsonWriter out, T value) throws IOException {
          boolean empty =
              value == null
                  || (value instanceof Collection<?> c && c.isEmpty())
                  || (value instanceof Map<?, ?> m && m.isEmpty());
          if (empty) {
            out.nullValue();
          } else {
            delegate.write(out, value);
          }
        }

        @Override
        public T read(JsonReader in) throws IOException {
          return delegate.read(in);
        }
      };
    }
  }

  /**
   * RFC 3339. An invalid time is read as absent, so that one invalid object does not make a list
   * undecodable. It need not be text: the API server accepts a list for a field of type string that
   * has a format.
   */
  private static final class InstantAdapter extends TypeAdapter<Instant> {
    @Override
    public void write(JsonWriter out, Instant value) throws IOException {
      if (value == null) {
        out.nullValue();
      } else {
        out.value(value.toString());
      }
    }

    @Override
    public Instant read(JsonReader in) throws IOException {
      if (in.peek() != JsonToken.STRING) {
        in.skipValue();
        return null;
      }
      String text = in.nextString();
      try {
        return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
      } catch (DateTimeParseException e) {
        return null;
      }
    }
  }
}
