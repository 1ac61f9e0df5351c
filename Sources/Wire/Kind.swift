// The vocabulary. A number is given once and never again to something else; the gaps leave room for
// relatives. Who says it to whom, and what answers it, stands with each message's type.

/// What a message says. The number travels in the header.
package enum Kind: UInt16, CaseIterable, Sendable {
    // Handshake
    case hello = 1
    case welcome = 2
    case refused = 3
    // Membership
    case heartbeat = 16
    case heartbeatAnswer = 17
    case goodbye = 18
    case assign = 19
    case assigned = 20
    case failure = 21
    case peers = 22
    // Data
    case registerCities = 32
    case cityTable = 33
    case importBlock = 34
    case imported = 35
    case exportRequest = 36
    case exportRows = 37
    // Status and jobs
    case statusRequest = 48
    case status = 49
    case jobAccepted = 50
    case jobRequest = 51
    case jobReport = 52
    case controlJob = 53
    // Training
    case startTraining = 64
    case trainRound = 65
    case roundResult = 66
    case publishModel = 67
    case published = 68
    case evaluationRequest = 69
    case evaluation = 70
    case deltaRequest = 71
    case delta = 72
    case surveyTraining = 73
    case citySurvey = 74
    case useModel = 75
    case modelUsed = 76
    case modelsRequest = 77
    case models = 78
    // Plans
    case startPlanning = 80
    case planCity = 81
    case planned = 82
    case seedsRequest = 83
    case seeds = 84
    case influencersRequest = 85
    case influencers = 86
    case explainRequest = 87
    case seedExplanation = 88
    case feedRequest = 89
    case feed = 90
    // Events and signals
    case eventsRequest = 96
    case eventRows = 97
    case postSignals = 98
    case signalsTaken = 99
    // Recommendations
    case recommendPlaces = 112
    case placeRecommendations = 113
    case recommendPeople = 114
    case peopleRecommendations = 115
    case personRequest = 116
    case personAnswer = 117
    case personMissing = 118
    // Searches over several cities
    case searchOrder = 128
    case searchReply = 129
    // Embedding together
    case prepareModel = 144
    case modelPrepared = 145
    case advanceModel = 148
    case modelAdvanced = 149
    case fetchRows = 150
    case rowsFetched = 151
    case rowsRequest = 152
    case rows = 153
    // Steps that hear other cities
    case elsewhereRequest = 154
    case elsewhere = 155
    // Cities that move
    case moveCity = 160
    case movesRequest = 161
    case moves = 162
    case moveOrder = 163
    case moveReply = 164
    case cityFilesRequest = 165
    case cityFiles = 166
    case cityFileRequest = 167
    case cityFilePart = 168

    /// The word for logs and errors.
    package var name: String { String(describing: self) }

    /// Handshake messages are the same in every protocol version, so that strangers can tell each other
    /// why they do not fit together.
    package var isHandshake: Bool { self == .hello || self == .welcome || self == .refused }
}
