package io.vdi.operator.gate.portal;

import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.Map;

/** Copies of records with a few other values. */
public final class RecordCopy {
  private RecordCopy() {}

  /**
   * @param changes the other values by the names of their components
   */
  public static <R extends Record> R with(R original, Map<String, ?> changes) {
    Map<String, Object> left = new HashMap<>(changes);
    RecordComponent[] components = original.getClass().getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    try {
      for (int i = 0; i < components.length; i++) {
        String name = components[i].getName();
        types[i] = components[i].getType();
        values[i] =
            left.containsKey(name)
                ? left.remove(name)
                : components[i].getAccessor().invoke(original);
      }
      if (!left.isEmpty()) {
        throw new IllegalArgumentException("no component: " + left.keySet());
      }
      @SuppressWarnings("unchecked")
      R copy = (R) original.getClass().getDeclaredConstructor(types).newInstance(values);
      return copy;
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
