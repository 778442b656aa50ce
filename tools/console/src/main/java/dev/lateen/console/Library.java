package dev.lateen.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** The files of the page: our own, and those of libraries that come as WebJars. */
final class Library {
    private static final String OWN = "/static/";

    /** By address: the WebJar and the file in it. */
    private static final Map<String, String[]> LIBRARIES = Map.of(
            "/lib/cytoscape.js", new String[] {"cytoscape", "dist/cytoscape.min.js"},
            "/lib/uplot.js", new String[] {"uplot", "dist/uPlot.iife.min.js"},
            "/lib/uplot.css", new String[] {"uplot", "dist/uPlot.min.css"});

    /** The file at this address; null when there is none. */
    @Nullable
    String file(String address) throws IOException {
        String[] library = LIBRARIES.get(address);
        if (library != null) {
            return read("/META-INF/resources/webjars/" + library[0] + "/" + version(library[0]) + "/" + library[1]);
        }
        boolean own = address.startsWith(OWN) && address.substring(OWN.length()).matches("[a-z]+\\.(js|css)");
        try (InputStream in = own ? Library.class.getResourceAsStream(address.substring(OWN.length())) : null) {
            return in == null ? null : new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** One of our own that must be there. */
    String own(String name) throws IOException {
        return read("/dev/lateen/console/" + name);
    }

    private static String version(String webjar) throws IOException {
        Properties properties = new Properties();
        properties.load(
                new java.io.StringReader(read("/META-INF/maven/org.webjars.npm/" + webjar + "/pom.properties")));
        return properties.getProperty("version", "");
    }

    private static String read(String resource) throws IOException {
        try (InputStream in = Library.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException("the console's file " + resource + " is missing from its jars");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
