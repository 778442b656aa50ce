package dev.lateen.config;

import java.util.List;

/**
 * A kind of object and the record that its {@code spec} is.
 *
 * @param versions every version served, the stored one first; all have the same fields
 * @param spec the record class
 * @param columns what {@code kubectl get} shows beside the name
 * @param description one sentence for {@code kubectl explain}
 */
public record Kind<S extends Record>(
        String group,
        List<String> versions,
        String name,
        String plural,
        List<String> shortNames,
        Class<S> spec,
        List<Column> columns,
        String description) {
    /**
     * A printer column of the kind's table.
     *
     * @param type a CRD column type: string, integer, date …
     * @param jsonPath as the CRD takes it, from the dot
     */
    public record Column(String name, String type, String jsonPath) {}

    /** {@code group/version} of the stored version. */
    public String apiVersion() {
        return group + "/" + versions.getFirst();
    }

    /** Name of the kind's CustomResourceDefinition. */
    public String crdName() {
        return plural + "." + group;
    }

    @Override
    public String toString() {
        return name;
    }
}
