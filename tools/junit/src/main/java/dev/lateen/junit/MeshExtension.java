package dev.lateen.junit;

import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** Resolves parameters of type {@link Mesh}; comes with {@link MeshTest}. A mesh is read once for each annotation. */
public final class MeshExtension implements ParameterResolver {
    private static final Namespace STORE = Namespace.create(MeshExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == Mesh.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        MeshTest annotation = annotation(test);
        return test.getRoot().getStore(STORE).getOrComputeIfAbsent(annotation, MeshExtension::mesh, Mesh.class);
    }

    private static MeshTest annotation(ExtensionContext test) {
        return test.getTestMethod()
                .flatMap(method -> AnnotationSupport.findAnnotation(method, MeshTest.class))
                .or(() -> test.getTestClass().flatMap(type -> AnnotationSupport.findAnnotation(type, MeshTest.class)))
                .orElseThrow(() -> new ParameterResolutionException(
                        "a Mesh is given to tests with @MeshTest; " + test.getDisplayName() + " has none"));
    }

    private static Mesh mesh(MeshTest annotation) {
        Mesh mesh = Mesh.inNamespace(annotation.namespace());
        for (String file : annotation.files()) {
            mesh = mesh.with(Path.of(file));
        }
        for (String text : annotation.manifests()) {
            mesh = mesh.with(text);
        }
        return mesh;
    }
}
