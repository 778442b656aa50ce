package dev.lateen.config;

/** Kind, namespace and name of one object; the namespace is empty for kinds that have none. */
public record ObjectName(String kind, String namespace, String name) {
    /** As {@code kubectl} writes it: {@code kind namespace/name}. */
    @Override
    public String toString() {
        return namespace.isEmpty() ? kind + " " + name : kind + " " + namespace + "/" + name;
    }
}
