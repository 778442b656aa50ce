package dev.lateen.config.shape;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A record: a JSON object with these fields and no others. Built once for each class. */
public final class Structure implements Shape {
    private static final ClassValue<Structure> BUILT = new ClassValue<>() {
        @Override
        protected Structure computeValue(Class<?> type) {
            return new Structure(type);
        }
    };

    private final Class<?> type;
    private final List<Field> fields;
    private final Constructor<?> constructor;

    private Structure(Class<?> type) {
        this.type = type;
        RecordComponent[] components = type.getRecordComponents();
        this.fields = Arrays.stream(components).map(Field::of).toList();
        try {
            this.constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("record without its canonical constructor: " + type, e);
        }
        for (Field field : fields) {
            boolean defaulted = field.nullable() || field.required() || field.absent() != null;
            if (!defaulted) {
                throw new IllegalArgumentException(
                        type.getName() + "." + field.name() + " has no default: make it @Nullable or @Required");
            }
        }
    }

    /** The structure of a record class. */
    public static Structure of(Class<?> type) {
        return BUILT.get(type);
    }

    public Class<?> type() {
        return type;
    }

    public List<Field> fields() {
        return fields;
    }

    Object create(@Nullable Object[] values) {
        try {
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(type + " refused checked values", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " cannot be created", e);
        }
    }

    @Override
    public String toString() {
        return type.getSimpleName();
    }
}
