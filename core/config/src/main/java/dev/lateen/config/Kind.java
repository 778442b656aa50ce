package dev.lateen.config;

import java.util.List;

/**
 * A kind of object and the record that its {@code spec} is.
 *
 * @param versions every version served, the stored one first; all have the same fields
 * @param spec the record class
 * @param columns what {@code kubectl get} shows beside the name
 * @param description one sentence for {@code kubectl explain}
 * @param scope where its objects live
 */
public record Kind<S extends Record>(
        String group,
        List<String> versions,
        String name,
        String plural,
        List<String> shortNames,
        Class<S> spec,
        List<Column> columns,
        String description,
        Scope scope) {
    /** Where objects of a kind live, and who defines it. */
    public enum Scope {
        /** In a namespace; defined by a CustomResourceDefinition. */
        NAMESPACE,
        /** In the cluster; defined by a CustomResourceDefinition. */
        CLUSTER,
        /** In a namespace; a kind of Kubernetes itself. */
        BUILT_IN
    }

    /** What objects are called by: the name, with the group where Istio has a kind of the same name. */
    public String key() {
        return name.equals("Gateway") && !group.equals("networking.istio.io") ? name + "." + group : name;
    }

    public boolean isNamespaced() {
        return scope != Scope.CLUSTER;
    }

    /** Whether the kind is defined by a CustomResourceDefinition. */
    public boolean isCustom() {
        return scope != Scope.BUILT_IN;
    }

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
