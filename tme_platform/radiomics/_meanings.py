"""What each feature of pyradiomics' classes measures: the start of a sentence of our own, for ``dictionary``."""

SHAPE = {
    "MeshVolume": "Volume enclosed by the triangle mesh of the region's surface",
    "VoxelVolume": "Number of voxels of the region times the volume of a voxel",
    "SurfaceArea": "Area of the triangle mesh of the region's surface",
    "SurfaceVolumeRatio": "Surface area divided by the mesh volume: small for large, compact regions",
    "Sphericity": (
        "Surface of a ball of the same volume divided by the region's own: 1 for a ball, less for other forms"
    ),
    "Maximum3DDiameter": "Largest distance between two points of the region's surface",
    "Maximum2DDiameterSlice": "Largest distance between two surface points within an axial slice (rows and columns)",
    "Maximum2DDiameterColumn": "Largest distance between two surface points within a plane of rows and slices",
    "Maximum2DDiameterRow": "Largest distance between two surface points within a plane of columns and slices",
    "MajorAxisLength": "Length of the longest axis of the ellipsoid with the same principal components",
    "MinorAxisLength": "Length of the second longest axis of the ellipsoid with the same principal components",
    "LeastAxisLength": "Length of the shortest axis of the ellipsoid with the same principal components",
    "Elongation": "Second longest axis divided by the longest one: 1 if the region is not elongated, near 0 for a line",
    "Flatness": "Shortest axis divided by the longest one: 1 for a ball, near 0 for a flat region",
}

FIRST_ORDER = {
    "10Percentile": "Intensity below which 10 % of the voxels lie",
    "90Percentile": "Intensity below which 90 % of the voxels lie",
    "Energy": "Sum of the squared intensities after the voxel shift: grows with size and brightness",
    "TotalEnergy": "Energy times the volume of a voxel",
    "Entropy": (
        "Uncertainty of the grey level of a voxel: 0 if all are equal, largest if all levels are equally frequent"
    ),
    "InterquartileRange": "Range of intensities that the middle half of the voxels spans",
    "Kurtosis": "Weight of the tails of the intensity distribution (3 for a normal distribution)",
    "Maximum": "Largest intensity",
    "Mean": "Mean intensity",
    "MeanAbsoluteDeviation": "Mean distance of the intensities from their mean",
    "Median": "Intensity that half of the voxels exceed",
    "Minimum": "Smallest intensity",
    "Range": "Largest minus smallest intensity",
    "RobustMeanAbsoluteDeviation": (
        "Mean distance from their mean of the intensities between the 10th and the 90th percentile"
    ),
    "RootMeanSquared": "Square root of the mean squared intensity after the voxel shift",
    "Skewness": "Asymmetry of the intensity distribution: positive if the bright tail is longer",
    "Uniformity": "Sum of the squared shares of the grey levels: 1 if all voxels have the same level",
    "Variance": "Mean squared distance of the intensities from their mean",
}

GLCM = {
    "Autocorrelation": "Mean product of the grey levels of neighbouring voxels: large where bright lies next to bright",
    "ClusterProminence": (
        "Mean fourth power of how far the summed grey level of two neighbours is from its mean: marks outlying pairs"
    ),
    "ClusterShade": (
        "Mean third power of how far the summed grey level of two neighbours is from its mean: asymmetry of dark and "
        "bright pairs"
    ),
    "ClusterTendency": (
        "Mean square of how far the summed grey level of two neighbours is from its mean: groups of similar voxels"
    ),
    "Contrast": "Mean squared difference between the grey levels of neighbouring voxels: local variation",
    "Correlation": "Linear correlation between the grey levels of neighbouring voxels",
    "DifferenceAverage": "Mean difference between the grey levels of neighbouring voxels",
    "DifferenceEntropy": "Uncertainty of the difference between the grey levels of neighbouring voxels",
    "DifferenceVariance": "Variance of the difference between the grey levels of neighbouring voxels",
    "Id": "Mean of 1 / (1 + difference) over neighbouring voxels: local homogeneity",
    "Idm": (
        "Mean of 1 / (1 + squared difference) over neighbouring voxels: local homogeneity that large differences "
        "hardly add to"
    ),
    "Idn": "Local homogeneity as Id, with differences relative to the number of grey levels",
    "Idmn": "Local homogeneity as Idm, with differences relative to the number of grey levels",
    "Imc1": (
        "Mutual information of neighbouring grey levels relative to their entropy, with a negative sign: 0 if they "
        "are independent"
    ),
    "Imc2": (
        "Dependence of neighbouring grey levels on a scale from 0 (independent) to 1, from their mutual information"
    ),
    "InverseVariance": "Frequency of neighbouring voxels of different grey level, divided by their squared difference",
    "JointAverage": "Mean grey level of the voxels in neighbouring pairs",
    "JointEnergy": "Sum of the squared frequencies of pairs of neighbouring grey levels: large if few pairs dominate",
    "JointEntropy": "Uncertainty of the pair of grey levels of neighbouring voxels",
    "MCC": (
        "Maximal correlation coefficient: how closely a grey level determines that of its neighbour, linearly or not"
    ),
    "MaximumProbability": "Frequency of the most frequent pair of neighbouring grey levels",
    "SumAverage": "Mean sum of the grey levels of neighbouring voxels, twice JointAverage",
    "SumEntropy": "Uncertainty of the sum of the grey levels of neighbouring voxels",
    "SumSquares": "Variance of the grey levels of the voxels in neighbouring pairs",
}

GLRLM = {
    "ShortRunEmphasis": "Mean of 1 / squared length over the runs of equal grey level along lines: fine texture",
    "LongRunEmphasis": "Mean squared length of the runs of equal grey level along lines: coarse texture",
    "GrayLevelNonUniformity": (
        "Unevenness of the number of runs over the grey levels; grows with the size of the region"
    ),
    "GrayLevelNonUniformityNormalized": "Unevenness of the share of runs over the grey levels",
    "RunLengthNonUniformity": "Unevenness of the number of runs over their lengths; grows with the size of the region",
    "RunLengthNonUniformityNormalized": "Unevenness of the share of runs over their lengths",
    "RunPercentage": "Number of runs divided by the number of voxels: 1 if every voxel is a run of its own",
    "GrayLevelVariance": "Variance of the grey level over the runs",
    "RunVariance": "Variance of the run length",
    "RunEntropy": "Uncertainty of grey level and length of a run",
    "LowGrayLevelRunEmphasis": "Mean of 1 / squared grey level over the runs: share of dark runs",
    "HighGrayLevelRunEmphasis": "Mean squared grey level of the runs: share of bright runs",
    "ShortRunLowGrayLevelEmphasis": "Weight of runs that are both short and dark",
    "ShortRunHighGrayLevelEmphasis": "Weight of runs that are both short and bright",
    "LongRunLowGrayLevelEmphasis": "Weight of runs that are both long and dark",
    "LongRunHighGrayLevelEmphasis": "Weight of runs that are both long and bright",
}

GLSZM = {
    "SmallAreaEmphasis": "Mean of 1 / squared size over the connected zones of equal grey level: fine texture",
    "LargeAreaEmphasis": "Mean squared size of the connected zones of equal grey level: coarse texture",
    "GrayLevelNonUniformity": (
        "Unevenness of the number of zones over the grey levels; grows with the size of the region"
    ),
    "GrayLevelNonUniformityNormalized": "Unevenness of the share of zones over the grey levels",
    "SizeZoneNonUniformity": "Unevenness of the number of zones over their sizes; grows with the size of the region",
    "SizeZoneNonUniformityNormalized": "Unevenness of the share of zones over their sizes",
    "ZonePercentage": "Number of zones divided by the number of voxels: 1 if every voxel is a zone of its own",
    "GrayLevelVariance": "Variance of the grey level over the zones",
    "ZoneVariance": "Variance of the zone size",
    "ZoneEntropy": "Uncertainty of grey level and size of a zone",
    "LowGrayLevelZoneEmphasis": "Mean of 1 / squared grey level over the zones: share of dark zones",
    "HighGrayLevelZoneEmphasis": "Mean squared grey level of the zones: share of bright zones",
    "SmallAreaLowGrayLevelEmphasis": "Weight of zones that are both small and dark",
    "SmallAreaHighGrayLevelEmphasis": "Weight of zones that are both small and bright",
    "LargeAreaLowGrayLevelEmphasis": "Weight of zones that are both large and dark",
    "LargeAreaHighGrayLevelEmphasis": "Weight of zones that are both large and bright",
}

GLDM = {
    "SmallDependenceEmphasis": (
        "Mean of 1 / squared dependence, the number of a voxel's neighbours of its own grey level (and itself): "
        "heterogeneous texture"
    ),
    "LargeDependenceEmphasis": (
        "Mean squared dependence, the number of a voxel's neighbours of its own grey level (and itself): homogeneous "
        "texture"
    ),
    "GrayLevelNonUniformity": (
        "Unevenness of the number of voxels over the grey levels; grows with the size of the region"
    ),
    "DependenceNonUniformity": (
        "Unevenness of the number of voxels over their dependences; grows with the size of the region"
    ),
    "DependenceNonUniformityNormalized": "Unevenness of the share of voxels over their dependences",
    "GrayLevelVariance": "Variance of the grey level over the voxels",
    "DependenceVariance": "Variance of the dependence over the voxels",
    "DependenceEntropy": "Uncertainty of grey level and dependence of a voxel",
    "LowGrayLevelEmphasis": "Mean of 1 / squared grey level over the voxels: share of dark voxels",
    "HighGrayLevelEmphasis": "Mean squared grey level of the voxels: share of bright voxels",
    "SmallDependenceLowGrayLevelEmphasis": "Weight of dark voxels with few neighbours of their own grey level",
    "SmallDependenceHighGrayLevelEmphasis": "Weight of bright voxels with few neighbours of their own grey level",
    "LargeDependenceLowGrayLevelEmphasis": "Weight of dark voxels with many neighbours of their own grey level",
    "LargeDependenceHighGrayLevelEmphasis": "Weight of bright voxels with many neighbours of their own grey level",
}

NGTDM = {
    "Coarseness": (
        "Reciprocal of the summed difference between grey levels and the mean of their neighbours: large if "
        "intensities change slowly"
    ),
    "Contrast": (
        "Spread of the grey levels times the mean difference from the neighbours: large where many levels change "
        "quickly"
    ),
    "Busyness": (
        "Difference from the neighbours relative to the differences between grey levels: rapid changes between "
        "neighbours"
    ),
    "Complexity": (
        "Many different grey levels with large differences from their neighbours: information content of the texture"
    ),
    "Strength": "Clear, slowly changing differences between grey levels: large if structures are easily seen",
}

MEANINGS = {
    "shape": SHAPE,
    "firstorder": FIRST_ORDER,
    "glcm": GLCM,
    "gldm": GLDM,
    "glrlm": GLRLM,
    "glszm": GLSZM,
    "ngtdm": NGTDM,
}
