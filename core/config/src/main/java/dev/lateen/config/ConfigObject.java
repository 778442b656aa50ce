package dev.lateen.config;

/**
 * One object of a custom kind, read without an error.
 *
 * @param apiVersion the version it was written in, {@code group/version}
 */
public record ConfigObject<S extends Record>(
        Kind<S> kind, String apiVersion, ObjectMeta metadata, S spec, Origin origin) {
    /** Kind, namespace and name. */
    public ObjectName objectName() {
        return new ObjectName(kind.key(), metadata.namespace(), metadata.name());
    }

    public String namespace() {
        return metadata.namespace();
    }

    public String name() {
        return metadata.name();
    }

    /** This object as one of {@code kind}; the caller knows that it is. */
    @SuppressWarnings("unchecked")
    public <T extends Record> ConfigObject<T> as(Kind<T> wanted) {
        if (!kind.equals(wanted)) {
            throw new IllegalArgumentException(objectName() + " is no " + wanted);
        }
        return (ConfigObject<T>) this;
    }
}
