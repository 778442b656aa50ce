package dev.lateen.control.secret;

import dev.lateen.config.ObjectName;
import dev.lateen.mesh.translate.Secrets;
import java.util.List;

/**
 * What a proxy asks for by a name of SDS, in Istio's forms: {@code kubernetes://NAME} of its own namespace, or {@code
 * kubernetes-gateway://NAMESPACE/NAME}, which stands in its configuration only where the namespace lets it be referred
 * to.
 *
 * @param roots whether the roots are meant, not the certificate
 * @param referred whether another namespace was asked, before the name came into the configuration
 */
record SecretReference(String namespace, String name, boolean roots, boolean referred) {
    /**
     * Reads a name.
     *
     * @param own the proxy's namespace
     */
    static SecretReference of(String resource, String own) {
        boolean roots = resource.endsWith(Secrets.ROOTS_SUFFIX);
        String bare = roots ? resource.substring(0, resource.length() - Secrets.ROOTS_SUFFIX.length()) : resource;
        if (bare.startsWith(Secrets.OF_NAMESPACE)) {
            return new SecretReference(own, bare.substring(Secrets.OF_NAMESPACE.length()), roots, false);
        }
        String[] parts = bare.startsWith(Secrets.REFERRED)
                ? bare.substring(Secrets.REFERRED.length()).split("/", -1)
                : new String[0];
        if (parts.length != 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
            throw new IllegalArgumentException("\"" + resource + "\" names no Secret");
        }
        return new SecretReference(parts[0], parts[1], roots, true);
    }

    /** The Secrets that may hold it, the first one before the others. */
    List<ObjectName> objects() {
        ObjectName whole = new ObjectName("Secret", namespace, name);
        return roots
                ? List.of(new ObjectName("Secret", namespace, name + Secrets.ROOTS_SUFFIX), whole)
                : List.of(whole);
    }

    @Override
    public String toString() {
        return (roots ? "the roots in Secret " : "Secret ") + namespace + "/" + name;
    }
}
